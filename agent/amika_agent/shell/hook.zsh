# amika: keeps the API keys of this shell equal to the credentials on this machine. Each prompt reads one line of one
# file; the rest is only evaluated when a key changes. Remove it with: amika shell-init zsh --uninstall
typeset -g __amika_file=@ENV_FILE@ __amika_seen=${_AMIKA_NAMES-- 0} __amika_rest=@REST@
__amika_prompt() {
  local line='- 0' __amika_put __amika_new=' '
  [[ -r $__amika_file ]] && IFS= read -r line <"$__amika_file"
  if [[ $line != "$__amika_seen" ]]; then
    emulate -L zsh
    if [[ $line == '# '*' 0' ]]; then __amika_seen=$line && . "$__amika_file"
    else eval "$__amika_rest" && __amika_look "$line"; fi
  fi
  return 0
}
typeset -ga precmd_functions
(( ${precmd_functions[(I)__amika_prompt]} )) || precmd_functions+=(__amika_prompt)
__amika_prompt
