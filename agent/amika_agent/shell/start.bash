__amika=@FOLDER@
__amika_prompt() {
  \local __as=$? __al=
  [[ -O $__amika/env.bash ]] && \read -r __al <"$__amika/env.bash" || __al=
  [[ ${_AMIKA_API_KEYS-}$'\37' == "$__al"$'\37'* || ! -r $__amika/hook.bash ]] || \. "$__amika/hook.bash"
  \return $__as
}
[[ ${PROMPT_COMMAND-} == *__amika_p* ]] || PROMPT_COMMAND+=$'\n${__amika:+"__amika_prompt"}'
