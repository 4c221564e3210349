# What the hook reads when a key changes, or when one of them is set already.

# __amika_set NAME=VALUE: set a variable, unless its value is one that you gave it yourself
__amika_set() {
  local name=${1%%=*}
  local was=_AMIKA_WAS_$name
  if (( ${(P)+name} )) && { (( ! ${(P)+was} )) || [[ ${(P)name} != "${(P)was}" ]]; }; then
    unset $was
    return 0
  fi
  export "$1" "$was=${1#*=}"
  __amika_new+="$name "
}

# __amika_until LINE: follow a file that ends at some time; it is looked at anew at each prompt
__amika_until() {
  local line="ending $1"
  (( ${+EPOCHSECONDS} )) || zmodload zsh/datetime 2>/dev/null
  (( ${EPOCHSECONDS:-$(date +%s)} >= ${1##* } )) && line=past
  [[ $line == "$__amika_seen" ]] && return 0
  __amika_seen=$line
  if [[ $line == past ]]; then eval "$__amika_done"; else . "$__amika_file"; fi
}
