# What the hook evaluates when a key changes, or when one of them is set already.
set -g __amika_new

# __amika_set NAME VALUE: set a variable, unless its value is one that you gave it yourself
function __amika_set
    set -l was _AMIKA_WAS_$argv[1]
    if set -q $argv[1]
        if not set -q $was; or test "$$argv[1]" != "$$was"
            set -e $was
            return
        end
    end
    set -gx $argv[1] $argv[2]
    set -gx $was $argv[2]
    set -a __amika_new $argv[1]
end

# __amika_done NAME…: drop what was ours and is not set again
function __amika_done
    for name in (string split -n ' ' -- "$_AMIKA_NAMES")
        contains -- $name $argv; and continue
        set -l was _AMIKA_WAS_$name
        set -q $name; and set -q $was; and test "$$name" = "$$was"; and set -e $name
        set -e $was
    end
    set -e _AMIKA_NAMES
    test (count $argv) -gt 0; and set -gx _AMIKA_NAMES " $argv "
end

# __amika_look LINE: follow the file, or its end; one that ends at some time is looked at anew at each prompt
function __amika_look
    set -l line $argv[1]
    set -l ends (string replace -r '.* ' '' -- $line)
    if test $ends != 0
        set line "ending $line"
        test (date +%s) -ge $ends; and set line past
    end
    test $line = "$__amika_seen"; and return
    set -g __amika_seen $line
    if string match -q -r '^(# |ending)' -- $line
        source $__amika_file
    else
        __amika_done
    end
end
