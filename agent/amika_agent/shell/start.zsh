\typeset -g __amika=@FOLDER@
__amika_prompt() {
  \local __al=
  [[ -O $__amika/env.zsh ]] && \read -r __al <"$__amika/env.zsh"
  [[ ${_AMIKA_API_KEYS-}$'\37' == "$__al"$'\37'* || ! -r $__amika/hook.zsh ]] || {
    \emulate -L zsh -o no_aliases
    \. "$__amika/hook.zsh"
  }
}
\typeset -ga precmd_functions
[[ " ${precmd_functions[*]-} " == *__amika_p* ]] || precmd_functions+=(__amika_prompt)
