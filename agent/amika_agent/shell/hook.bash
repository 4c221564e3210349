# amika hook 3, removed by: amika shell-init bash --uninstall
#
# A new shell reads env.bash beside this file. An open one reads this when the first line of env.bash is another than
# before, and a new one when one of the variables is set already.
#
# _AMIKA_API_KEYS is what this shell was given: the first line of the env file, then NAME=VALUE pairs, each followed by
# U+001F. It is exported, so that the shells started from this one know what is ours.
__amika=@FOLDER@

# __amika_apply NAME=VALUE…: export these, unless you gave the variable a value yourself; drop what else was ours
__amika_apply() {
  local s=$'\37' before=${_AMIKA_API_KEYS-} pair name
  local ours=$l$s
  for pair; do
    name=${pair%%=*}
    if [[ -z ${!name+x} || $before == *"$s$name=${!name}$s"* ]]; then
      export "$pair" && ours+=$pair$s
    fi
  done
  while before=${before#*"$s"}; [[ $before == *"$s"* ]]; do
    pair=${before%%"$s"*} name=${before%%=*}
    [[ $pair == [A-Za-z_]*=* && $name != *[!A-Za-z0-9_]* ]] || continue
    [[ $ours == *"$s$name="* || $pair != "$name=${!name-}" ]] || unset -v "$name"
  done
  export _AMIKA_API_KEYS=$ours
  [[ -n $l ]] || unset -v _AMIKA_API_KEYS
}

# __amika_look: follow the env file; past its end it is one without keys
__amika_look() {
  local l= ends=0 keys= line
  if [[ -r $__amika/env.bash ]]; then
    {
      IFS= read -r l
      while IFS= read -r line && [[ $line != _AMIKA_API_KEYS=* ]]; do keys=$line; done
    } <"$__amika/env.bash"
  fi
  [[ $l != '# amika '*' '[1-9]* ]] || ends=${l##* }
  __amika_ends=
  if [[ $ends != 0 ]]; then
    [[ ${EPOCHSECONDS:-$(date +%s)} -lt $ends ]] && __amika_ends=$ends || keys=
  fi
  eval "__amika_apply $keys"
}

if declare -F __amika_prompt >/dev/null; then
  # from now on each prompt looks at the time too
  __amika_prompt() {
    local s=$? l=
    [[ -r $__amika/env.bash ]] && read -r l <"$__amika/env.bash" || l=
    [[ ${_AMIKA_API_KEYS-}$'\37' == "$l"$'\37'* ]] &&
      [[ -z ${__amika_ends-} || ${EPOCHSECONDS:-$(date +%s)} -lt $__amika_ends ]] ||
      [[ ! -r $__amika/hook.bash ]] || . "$__amika/hook.bash"
    return $s
  }
  __amika_look
elif [[ -r $__amika/env.bash ]]; then
  . "$__amika/env.bash"
fi
