# What amika's hook reads when a key changes, or when one of them is set already.
#
# _AMIKA_API_KEYS is what this shell was given: the first line of the env file, then NAME=VALUE pairs, each followed by
# U+001F. It is exported, so that the shells started from this one know what is ours.

# __amika_apply NAME=VALUE…: export these, unless you gave the variable a value yourself; drop what else was ours
__amika_apply() {
  emulate -L zsh
  local s=$'\37' before=${_AMIKA_API_KEYS-} pair name
  local ours=$l$s
  for pair; do
    name=${pair%%=*}
    if (( ! ${(P)+name} )) || [[ $before == *"$s$name=${(P)name}$s"* ]]; then
      export "$pair" && ours+=$pair$s
    fi
  done
  while before=${before#*$s}; [[ $before == *$s* ]]; do
    pair=${before%%$s*} name=${before%%=*}
    [[ $pair == [A-Za-z_]*=* && $name != *[^A-Za-z0-9_]* ]] || continue
    [[ $ours == *$s$name=* || $pair != "$name=${(P)name-}" ]] || unset $name
  done
  export _AMIKA_API_KEYS=$ours
  [[ -n $l ]] || unset _AMIKA_API_KEYS
}

# __amika_look: follow the env file; past its end it is one without keys
__amika_look() {
  emulate -L zsh
  local l= ends=0 __amika_put=__amika_apply
  [[ -r $__amika/env.sh ]] && IFS= read -r l <$__amika/env.sh
  [[ $l != '# amika '*' '[1-9]* ]] || { ends=${l##* }; zmodload zsh/datetime }
  typeset -g __amika_ends=
  if [[ -z $l || ( $ends != 0 && ${EPOCHSECONDS-} -ge $ends ) ]]; then
    __amika_apply
    return
  fi
  . $__amika/env.sh
  [[ $ends != 0 ]] || return 0
  __amika_ends=$ends
  # from now on each prompt looks at the time too
  __amika_prompt() {
    local l=
    [[ -r $__amika/env.sh ]] && read -r l <$__amika/env.sh
    [[ ${_AMIKA_API_KEYS-}$'\37' == "$l"$'\37'* ]] &&
      [[ -z $__amika_ends || $EPOCHSECONDS -lt $__amika_ends ]] ||
      [[ ! -r $__amika/rest.zsh ]] || . $__amika/rest.zsh
  }
}
__amika_look
