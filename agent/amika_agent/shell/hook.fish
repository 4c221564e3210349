# amika: keeps the API keys of this shell equal to the credentials on this machine. Each prompt reads one line of one
# file; `follow` is read when a key changes. Remove it with: amika shell-init fish --uninstall
set -g __amika_file @ENV_FILE@
set -g __amika_follow @FOLLOW_FILE@
set -g __amika_seen '- 0'
set -q _AMIKA_NAMES; and set __amika_seen inherited
function __amika_prompt --on-event fish_prompt
    set -l line '- 0'
    test -r $__amika_file; and read line <$__amika_file
    test "$line" = "$__amika_seen"; and return
    switch $line
        case '# * 0'
            set __amika_seen $line
            source $__amika_file
        case '# *'
            source $__amika_follow
            __amika_until $line
        case '*'
            set __amika_seen $line
            __amika_done
    end
end
# drop what was ours and is not set again, unless its value is one that you gave it yourself
function __amika_done
    set -q _AMIKA_NAMES; and for name in (string split -n ' ' -- "$_AMIKA_NAMES")
        contains -- $name $argv; and continue
        set -l was _AMIKA_WAS_$name
        set -q $name; and set -q $was; and test "$$name" = "$$was"; and set -e $name
        set -e $was
    end
    if test (count $argv) -eq 0
        set -e _AMIKA_NAMES
    else
        set -gx _AMIKA_NAMES " $argv "
    end
end
__amika_prompt
