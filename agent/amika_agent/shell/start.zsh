\typeset -g __amika=@FOLDER@
__amika_prompt() {
  [[ -e $__amika/mark.zsh.${_AMIKA_API_KEYS+${_AMIKA_API_KEYS:1:16}} || ! -r $__amika/hook.zsh ]] || {
    \emulate -L zsh -o no_aliases +xv
    \. "$__amika/hook.zsh"
  }
}
\typeset -ga precmd_functions
[[ " ${precmd_functions[*]-} " == *__amika_p* ]] || precmd_functions+=(__amika_prompt)
