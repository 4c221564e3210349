# amika: keeps the API keys of this shell equal to the credentials on this machine.
# At each prompt it reads the first line of one file and goes on only when that changed.
# Remove it with: amika shell-init fish --uninstall
set -g __amika_file @ENV_FILE@
set -g __amika_seen

# __amika_put NAME VALUE: set a variable, unless its value is one that you gave it yourself
function __amika_put
    set -l was _AMIKA_WAS_$argv[1]
    if set -q $argv[1]
        if not set -q $was; or test "$$argv[1]" != "$$was"
            set -e $was
            return 0
        end
    end
    set -gx $argv[1] $argv[2]
    set -gx $was $argv[2]
    set -a __amika_new $argv[1]
end

# __amika_drop NAME: unset a variable, if its value is still ours
function __amika_drop
    set -l was _AMIKA_WAS_$argv[1]
    if set -q $argv[1]; and set -q $was; and test "$$argv[1]" = "$$was"
        set -e $argv[1]
    end
    set -e $was
    return 0
end

function __amika_load
    set -g __amika_new
    test -n "$argv[1]"; and source $__amika_file
    if set -q _AMIKA_NAMES
        for name in (string split -n ' ' -- "$_AMIKA_NAMES")
            contains -- $name $__amika_new; or __amika_drop $name
        end
    end
    if test (count $__amika_new) -eq 0
        set -e _AMIKA_NAMES
    else
        set -gx _AMIKA_NAMES " $__amika_new "
    end
    set -e __amika_new
    return 0
end

function __amika_prompt --on-event fish_prompt
    set -l before $status
    set -l line
    test -r $__amika_file; and read line <$__amika_file
    set -l ends (string replace -r '.* ' '' -- "$line")
    if test -n "$ends" -a "$ends" != 0
        test (date +%s) -ge "$ends"; and set line
    end
    if test "$line" != "$__amika_seen"
        set -g __amika_seen "$line"
        __amika_load "$line"
    end
    return $before
end

set -q _AMIKA_NAMES; and set -g __amika_seen inherited
__amika_prompt
