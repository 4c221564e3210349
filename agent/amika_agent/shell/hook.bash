# amika hook 2, removed by: amika shell-init bash --uninstall
__amika=@FOLDER@
__amika_prompt() {
  local s=$? l=
  [[ -r $__amika/env.sh ]] && read -r l <"$__amika/env.sh" || l=
  [[ ! ${1-} && ${_AMIKA_API_KEYS-}$'\37' == "$l"$'\37'* || ! -r $__amika/rest.bash ]] || . "$__amika/rest.bash"
  return $s
}
[[ ${PROMPT_COMMAND-} == *__amika_p* ]] || PROMPT_COMMAND=__amika_prompt${PROMPT_COMMAND:+;$PROMPT_COMMAND}
[[ -r $__amika/env.sh ]] && . "$__amika/env.sh"
