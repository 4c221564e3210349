# What the hook reads when a key changes, or when one of them is set already.
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

# __amika_until LINE: follow a file that ends at some time; it is looked at anew at each prompt
function __amika_until
    set -l line "ending $argv[1]"
    test (date +%s) -ge (string replace -r '.* ' '' -- $argv[1]); and set line past
    test $line = "$__amika_seen"; and return
    set -g __amika_seen $line
    if test $line = past
        eval $__amika_done
    else
        source $__amika_file
    end
end
