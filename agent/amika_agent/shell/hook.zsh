# amika: keeps the API keys of this shell equal to the credentials on this machine.
# At each prompt it reads the first line of one file and goes on only when that changed.
# Remove it with: amika shell-init zsh --uninstall
typeset -g __amika_file=@ENV_FILE@ __amika_seen=

# __amika_put NAME VALUE: set a variable, unless its value is one that you gave it yourself
__amika_put() {
  local was=_AMIKA_WAS_$1
  if (( ${(P)+1} )) && { (( ! ${(P)+was} )) || [[ ${(P)1} != "${(P)was}" ]]; }; then
    unset $was
    return 0
  fi
  export "$1=$2" "$was=$2"
  __amika_new+="$1 "
}

# __amika_drop NAME: unset a variable, if its value is still ours
__amika_drop() {
  local was=_AMIKA_WAS_$1
  (( ${(P)+1} && ${(P)+was} )) && [[ ${(P)1} == "${(P)was}" ]] && unset $1
  (( ${(P)+was} )) && unset $was
  return 0
}

__amika_load() {
  emulate -L zsh
  local __amika_new=' ' name
  [[ -n $1 ]] && . "$__amika_file"
  for name in ${=_AMIKA_NAMES-}; do
    [[ $__amika_new == *" $name "* ]] || __amika_drop $name
  done
  if [[ $__amika_new == ' ' ]]; then unset _AMIKA_NAMES; else export _AMIKA_NAMES=$__amika_new; fi
  return 0
}

__amika_prompt() {
  local line= ends
  [[ -r $__amika_file ]] && IFS= read -r line <"$__amika_file"
  ends=${line##* }
  if [[ ${ends:-0} != 0 ]]; then
    (( ${+EPOCHSECONDS} )) || zmodload zsh/datetime 2>/dev/null
    (( ${EPOCHSECONDS:-$(date +%s)} >= ends )) && line=
  fi
  if [[ $line != "$__amika_seen" ]]; then
    __amika_seen=$line
    __amika_load "$line"
  fi
  return 0
}

typeset -ga precmd_functions
(( ${precmd_functions[(I)__amika_prompt]} )) || precmd_functions+=(__amika_prompt)
[[ -n ${_AMIKA_NAMES-} ]] && __amika_seen=inherited
__amika_prompt
