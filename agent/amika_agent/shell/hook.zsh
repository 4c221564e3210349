# amika: keeps the API keys of this shell equal to the credentials on this machine. Each prompt reads one line of one
# file; the rest is only read when a key changes. Remove it with: amika shell-init zsh --uninstall
typeset -g __amika_file=@ENV_FILE@ __amika_rest=@REST_FILE@ __amika_seen=${_AMIKA_NAMES-- 0}
__amika_prompt() {
  local line='- 0' __amika_put __amika_new=' '
  [[ -r $__amika_file ]] && IFS= read -r line <"$__amika_file"
  if [[ $line != "$__amika_seen" ]]; then
    emulate -L zsh
    case $line in
      ('# '*' 0') __amika_seen=$line && . "$__amika_file" ;;
      ('# '*) . "$__amika_rest" && __amika_until "$line" ;;
      (*) __amika_seen=$line && eval "$__amika_done" ;;
    esac
  fi
  return 0
}
# drops what was ours and is not set again, unless its value is one that you gave it yourself
typeset -g __amika_done='local n w
for n in ${=_AMIKA_NAMES-}; do
  [[ $__amika_new == *" $n "* ]] && continue
  w=_AMIKA_WAS_$n; (( ${(P)+n} && ${(P)+w} )) && [[ ${(P)n} == "${(P)w}" ]] && unset $n; (( ${(P)+w} )) && unset $w
done
if [[ $__amika_new == " " ]]; then unset _AMIKA_NAMES; else export _AMIKA_NAMES=$__amika_new; fi'
typeset -ga precmd_functions
(( ${precmd_functions[(I)__amika_prompt]} )) || precmd_functions+=(__amika_prompt)
__amika_prompt
