# amika hook 5, removed by: amika shell-init bash --uninstall
#
# A new shell reads env.bash beside this file. An open one reads this when the mark that it knows is gone, mark.bash.…,
# a link that is named after the keys of env.bash; and a new one when one of the variables is set already.
#
# _AMIKA_API_KEYS is what this shell was given: the first line of the env file, which ends with U+001F and the time when
# the keys end, then NAME=VALUE pairs, each followed by U+001F. It is exported, so that the shells started from this one
# know what is ours.

# Names are long and commands begin with a backslash because your aliases, readonly variables and options hold here too.
# Without a standard error, because of `set -x`, which would show your keys.
__amika=@FOLDER@

# __amika_apply NAME=VALUE…: export these, unless you gave the variable a value yourself, or removed this one; drop
# what else was ours
__amika_apply() {
  \local __amika_s=$'\37' __amika_before="${_AMIKA_API_KEYS-}" __amika_pair __amika_name __amika_n=0
  \local __amika_ours="$__amika_l$__amika_s"
  for __amika_pair; do
    __amika_name=${__amika_pair%%=*}
    if [[ -z ${!__amika_name+x} ]]; then
      [[ $__amika_before == *"$__amika_s$__amika_pair$__amika_s"* ]] || \export "$__amika_pair" 2>/dev/null || continue
    else
      [[ $__amika_before == *"$__amika_s$__amika_name=${!__amika_name}$__amika_s"* ]] || continue
      \export "$__amika_pair" 2>/dev/null || continue
    fi
    __amika_ours+=$__amika_pair$__amika_s
  done
  __amika_pair=${__amika_before%%"$__amika_s"*}
  # one that somebody damaged may have any number of parts
  while __amika_before=${__amika_before:${#__amika_pair}+1}; [[ -n $__amika_before && $((__amika_n++)) -lt 500 ]]; do
    __amika_pair=${__amika_before%%"$__amika_s"*} __amika_name=${__amika_pair%%=*}
    [[ $__amika_pair == [A-Za-z_]*=* && $__amika_name != *[!A-Za-z0-9_]* ]] || continue
    [[ $__amika_ours == *"$__amika_s$__amika_name="* || $__amika_pair != "$__amika_name=${!__amika_name-}" ]] ||
      \unset -v "$__amika_name"
  done
  \export _AMIKA_API_KEYS="$__amika_ours"
  [[ -n $__amika_l ]] || \unset -v _AMIKA_API_KEYS
}

# __amika_look: follow the env file; past its end it is one without keys
__amika_look() {
  \local __amika_l= __amika_keys= __amika_line= __amika_case
  if [[ -f $__amika/env.bash && -O $__amika/env.bash ]]; then
    {
      IFS= \read -r __amika_l || :
      while IFS= \read -r __amika_line && [[ $__amika_line != _AMIKA_API_KEYS=* ]]; do __amika_keys=$__amika_line; done
    } <"$__amika/env.bash"
  fi
  [[ $__amika_l != '# amika '* ]] || __amika_l+=$'\37'${__amika_l##* } # an agent up to version 4 wrote it
  __amika_ends=${__amika_l##*$'\37'}
  [[ $__amika_l == '#'*$'\37'* ]] || __amika_l= __amika_keys=
  [[ -n $__amika_l && $__amika_ends == [1-9]* ]] || __amika_ends=
  if [[ -n $__amika_ends && ${EPOCHSECONDS:-$(\date +%s)} -ge $__amika_ends ]]; then
    __amika_ends= __amika_keys=
  elif [[ ${_AMIKA_API_KEYS-} == "$__amika_l"$'\37'* ]]; then
    \return 0
  fi
  \shopt -q nocasematch && __amika_case=-s || __amika_case=-u
  \shopt -u nocasematch
  \eval "__amika_apply $__amika_keys"
  \shopt "$__amika_case" nocasematch
}

if \declare -F __amika_prompt >/dev/null; then
  # from now on each prompt looks at the time too, and without an env file whether there is one again
  __amika_prompt() {
    \local __amika_s=$?
    if [[ -e $__amika/mark.bash.${_AMIKA_API_KEYS+${_AMIKA_API_KEYS:1:16}} ]]; then
      [[ -z ${__amika_ends-} || ${EPOCHSECONDS:-$(\date +%s)} -lt $__amika_ends ]]
    else
      [[ -z ${_AMIKA_API_KEYS:+x} && ! -e $__amika/env.bash ]]
    fi || [[ ! -r $__amika/hook.bash ]] || \. "$__amika/hook.bash" 2>&-
    \return $__amika_s
  }
  __amika_look 2>&-
elif [[ -O $__amika/env.bash ]]; then
  \. "$__amika/env.bash" 2>&-
fi
