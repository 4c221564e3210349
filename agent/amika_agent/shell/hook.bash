# amika: keeps the API keys of this shell equal to the credentials on this machine. Each prompt reads one line of one
# file; the rest is only read when a key changes. Remove it with: amika shell-init bash --uninstall
__amika_file=@ENV_FILE@ __amika_rest=@REST_FILE@ __amika_seen=${_AMIKA_NAMES-- 0}
__amika_prompt() {
  local status=$? line='- 0' __amika_put __amika_new=' '
  [[ -r $__amika_file ]] && IFS= read -r line <"$__amika_file"
  if [[ $line != "$__amika_seen" ]]; then
    case $line in
      '# '*' 0') __amika_seen=$line && . "$__amika_file" ;;
      '# '*) . "$__amika_rest" && __amika_until "$line" ;;
      *) __amika_seen=$line && eval "$__amika_done" ;;
    esac
  fi
  return $status
}
# drops what was ours and is not set again, unless its value is one that you gave it yourself
__amika_done='local n w IFS=" "
for n in ${_AMIKA_NAMES-}; do
  [[ $__amika_new == *" $n "* ]] && continue
  w=_AMIKA_WAS_$n; [[ -n ${!n+x} && -n ${!w+x} && ${!n} == "${!w}" ]] && unset -v $n; unset -v $w
done
if [[ $__amika_new == " " ]]; then unset -v _AMIKA_NAMES; else export _AMIKA_NAMES="$__amika_new"; fi'
[[ " ${PROMPT_COMMAND[*]-} " == *__amika_prompt* ]] || PROMPT_COMMAND="__amika_prompt${PROMPT_COMMAND:+;$PROMPT_COMMAND}"
__amika_prompt || :
