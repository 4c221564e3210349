# amika: keeps the API keys of this shell equal to the credentials on this machine.
# At each prompt it reads the first line of one file and goes on only when that changed.
# Remove it with: amika shell-init bash --uninstall
__amika_file=@ENV_FILE@
__amika_seen=

# __amika_put NAME VALUE: set a variable, unless its value is one that you gave it yourself
__amika_put() {
  local was="_AMIKA_WAS_$1"
  if [[ -n ${!1+x} && ( -z ${!was+x} || ${!1} != "${!was}" ) ]]; then
    unset -v "$was"
    return 0
  fi
  export "$1=$2" "$was=$2"
  __amika_new="$__amika_new$1 "
}

# __amika_drop NAME: unset a variable, if its value is still ours
__amika_drop() {
  local was="_AMIKA_WAS_$1"
  [[ -n ${!1+x} && -n ${!was+x} && ${!1} == "${!was}" ]] && unset -v "$1"
  unset -v "$was"
  return 0
}

__amika_load() {
  local __amika_new=' ' IFS=$' \t\n' name
  [[ -n $1 ]] && . "$__amika_file"
  for name in ${_AMIKA_NAMES-}; do
    [[ $__amika_new == *" $name "* ]] || __amika_drop "$name"
  done
  if [[ $__amika_new == ' ' ]]; then unset -v _AMIKA_NAMES; else export _AMIKA_NAMES="$__amika_new"; fi
  return 0
}

__amika_prompt() {
  local status=$? line= ends
  [[ -r $__amika_file ]] && IFS= read -r line <"$__amika_file"
  ends=${line##* }
  [[ ${ends:-0} != 0 && ${EPOCHSECONDS:-$(date +%s)} -ge $ends ]] && line=
  if [[ $line != "$__amika_seen" ]]; then
    __amika_seen=$line
    __amika_load "$line"
  fi
  return $status
}

case " ${PROMPT_COMMAND[*]-} " in
  *__amika_prompt*) ;;
  *) PROMPT_COMMAND="__amika_prompt${PROMPT_COMMAND:+;$PROMPT_COMMAND}" ;;
esac
[[ -n ${_AMIKA_NAMES-} ]] && __amika_seen=inherited
__amika_prompt || :
