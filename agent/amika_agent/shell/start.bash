__amika=@FOLDER@
__amika_prompt() {
  \local __amika_s=$? __amika_l=
  [[ -f $__amika/env.bash && -r $__amika/env.bash ]] && \read -r __amika_l <"$__amika/env.bash" || __amika_l=
  [[ ${_AMIKA_API_KEYS-}$'\37' == "$__amika_l"$'\37'* || ! -r $__amika/hook.bash ]] || \. "$__amika/hook.bash"
  \return $__amika_s
}
[[ ${PROMPT_COMMAND-} == *__amika_p* ]] || PROMPT_COMMAND+=$'\n${__amika:+"__amika_prompt"}'
