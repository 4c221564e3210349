__amika=@FOLDER@
__amika_prompt() {
  local s=$? l=
  [[ -r $__amika/env.bash ]] && read -r l <"$__amika/env.bash" || l=
  [[ ${_AMIKA_API_KEYS-}$'\37' == "$l"$'\37'* || ! -r $__amika/hook.bash ]] || . "$__amika/hook.bash"
  return $s
}
[[ ${PROMPT_COMMAND-} == *__amika_p* ]] || PROMPT_COMMAND=__amika_prompt${PROMPT_COMMAND:+;$PROMPT_COMMAND}
