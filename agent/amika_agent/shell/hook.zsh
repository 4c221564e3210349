# amika hook 3, removed by: amika shell-init zsh --uninstall
#
# A new shell reads env.zsh beside this file. An open one reads this when the first line of env.zsh is another than
# before, and a new one when one of the variables is set already.
#
# _AMIKA_API_KEYS is what this shell was given: the first line of the env file, then NAME=VALUE pairs, each followed by
# U+001F. It is exported, so that the shells started from this one know what is ours.
typeset -g __amika=@FOLDER@

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
  local l= ends=0 keys= line=
  if [[ -r $__amika/env.zsh ]]; then
    {
      IFS= read -r l
      while IFS= read -r line && [[ $line != _AMIKA_API_KEYS=* ]]; do keys=$line; done
    } <$__amika/env.zsh
  fi
  [[ $l != '# amika '*' '[1-9]* ]] || { ends=${l##* }; zmodload zsh/datetime }
  typeset -g __amika_ends=
  if [[ $ends != 0 ]]; then
    [[ ${EPOCHSECONDS-} -lt $ends ]] && __amika_ends=$ends || keys=
  fi
  eval "__amika_apply $keys"
}

if typeset -f __amika_prompt >/dev/null; then
  # from now on each prompt looks at the time too
  __amika_prompt() {
    local l=
    [[ -r $__amika/env.zsh ]] && read -r l <$__amika/env.zsh
    [[ ${_AMIKA_API_KEYS-}$'\37' == "$l"$'\37'* ]] &&
      [[ -z ${__amika_ends-} || $EPOCHSECONDS -lt $__amika_ends ]] ||
      [[ ! -r $__amika/hook.zsh ]] || . $__amika/hook.zsh
  }
  __amika_look
elif [[ -r $__amika/env.zsh ]]; then
  . $__amika/env.zsh
fi
