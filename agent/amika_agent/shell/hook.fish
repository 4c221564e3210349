# amika: keeps the API keys of this shell equal to the credentials on this machine. Each prompt reads one line of one
# file; the rest is only read when a key changes. Remove it with: amika shell-init fish --uninstall
set -g __amika_file @ENV_FILE@
set -g __amika_rest @REST_FILE@
set -g __amika_seen $_AMIKA_NAMES '- 0'
function __amika_prompt --on-event fish_prompt
    set -l line '- 0'
    test -r $__amika_file; and read line <$__amika_file
    test "$line" = "$__amika_seen"; and return
    if string match -q '# * 0' -- $line
        set __amika_seen $line
        source $__amika_file
    else
        eval $__amika_else
    end
end
# drops what was ours and is not set again, unless its value is one that you gave it yourself
set -g __amika_done 'for n in (string split -n " " -- "$_AMIKA_NAMES")
    contains -- $n $__amika_new; and continue
    set -l w _AMIKA_WAS_$n
    set -q $n; and set -q $w; and test "$$n" = "$$w"; and set -e $n
    set -e $w
end
set -e _AMIKA_NAMES
test (count $__amika_new) -gt 0; and set -gx _AMIKA_NAMES " $__amika_new "'
set -g __amika_else 'set -g __amika_new
if string match -q "# *" -- $line
    source $__amika_rest
    __amika_until $line
else
    set __amika_seen $line
    eval $__amika_done
end'
__amika_prompt
