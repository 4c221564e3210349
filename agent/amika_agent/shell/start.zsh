typeset -g __amika=@FOLDER@
__amika_prompt() {
  local l=
  [[ -r $__amika/env.zsh ]] && read -r l <$__amika/env.zsh
  [[ ${_AMIKA_API_KEYS-}$'\37' == "$l"$'\37'* || ! -r $__amika/hook.zsh ]] || . $__amika/hook.zsh
}
[[ " ${precmd_functions-} " == *__amika_p* ]] || precmd_functions+=(__amika_prompt)
