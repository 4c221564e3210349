# What the hook evaluates when a key changes, or when one of them is set already.

# __amika_set NAME=VALUE: set a variable, unless its value is one that you gave it yourself
__amika_set() {
  local name=${1%%=*}
  local was="_AMIKA_WAS_$name"
  if [[ -n ${!name+x} && ( -z ${!was+x} || ${!name} != "${!was}" ) ]]; then
    unset -v "$was"
    return 0
  fi
  export "$1" "$was=${1#*=}"
  __amika_new="$__amika_new$name "
}

# __amika_done: drop what was ours and is not set again
__amika_done() {
  local name was IFS=$' \t\n'
  for name in ${_AMIKA_NAMES-}; do
    [[ $__amika_new == *" $name "* ]] && continue
    was=_AMIKA_WAS_$name
    [[ -n ${!name+x} && -n ${!was+x} && ${!name} == "${!was}" ]] && unset -v "$name"
    unset -v "$was"
  done
  if [[ $__amika_new == ' ' ]]; then unset -v _AMIKA_NAMES; else export _AMIKA_NAMES="$__amika_new"; fi
}

# __amika_look LINE: follow a file that is gone, or that ends at some time and is looked at anew at each prompt
__amika_look() {
  local line=$1 ends=${1##* }
  if [[ $ends != 0 ]]; then
    line="ending $1"
    [[ ${EPOCHSECONDS:-$(date +%s)} -ge $ends ]] && line=past
  fi
  [[ $line == "$__amika_seen" ]] && return 0
  __amika_seen=$line
  if [[ $line == ending* ]]; then . "$__amika_file"; else __amika_done; fi
}
