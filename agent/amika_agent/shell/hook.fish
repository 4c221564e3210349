# amika: keeps the API keys of this shell equal to the credentials on this machine. Each prompt reads one line of one
# file; the rest is only evaluated when a key changes. Remove it with: amika shell-init fish --uninstall
set -g __amika_file @ENV_FILE@
set -g __amika_rest @REST@
set -g __amika_seen $_AMIKA_NAMES '- 0'
function __amika_prompt --on-event fish_prompt
    set -l line '- 0'
    test -r $__amika_file; and read line <$__amika_file
    test "$line" = "$__amika_seen"; and return
    if string match -q '# * 0' -- $line
        set __amika_seen $line
        source $__amika_file
    else
        eval $__amika_rest
        __amika_look $line
    end
end
__amika_prompt
