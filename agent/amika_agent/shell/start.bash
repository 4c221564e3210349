__amika=@FOLDER@
__amika_prompt() {
  \local __as=$?
  [[ -e $__amika/mark.bash.${_AMIKA_API_KEYS+${_AMIKA_API_KEYS:1:16}} || ! -r $__amika/hook.bash ]] ||
    \. "$__amika/hook.bash" 2>&-
  \return $__as
}
[[ ${PROMPT_COMMAND-} == *__amika_p* ]] || PROMPT_COMMAND+=$'\n${__amika:+"__amika_prompt"} && :'
