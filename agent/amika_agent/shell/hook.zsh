# amika hook 2, removed by: amika shell-init zsh --uninstall
typeset -g __amika=@FOLDER@
__amika_prompt() {
  local l=
  [[ -r $__amika/env.sh ]] && read -r l <$__amika/env.sh
  [[ ! ${1-} && ${_AMIKA_API_KEYS-}$'\37' == "$l"$'\37'* || ! -r $__amika/rest.zsh ]] || . $__amika/rest.zsh
}
[[ " ${precmd_functions-} " == *__amika_p* ]] || precmd_functions+=(__amika_prompt)
[[ -r $__amika/env.sh ]] && . $__amika/env.sh
