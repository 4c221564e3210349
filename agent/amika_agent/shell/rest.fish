# What amika's hook reads when a key changes, or when one of them is set already.
#
# _AMIKA_API_KEYS is what this shell was given: the first line of the env file, then NAME=VALUE pairs, each followed by
# U+001F. It is exported, so that the shells started from this one know what is ours.

# __amika_apply NAME VALUE: export it, unless you gave the variable a value yourself
function __amika_apply
    test $argv[1] = _AMIKA_API_KEYS; and return
    if not set -q $argv[1]; or contains -- "$argv[1]=$$argv[1]" $__amika_before
        set -gx $argv[1] $argv[2]
        set -a __amika_after "$argv[1]=$argv[2]"
    end
end

# __amika_drop: forget what was ours and is not any more, unless you gave the variable another value
function __amika_drop
    for pair in $__amika_before[2..]
        set -l name (string split -m 1 = -- $pair)[1]
        string match -qr '^[A-Za-z_][A-Za-z0-9_]*$' -- $name; and set -q $name; or continue
        string match -q -- "$name=*" $__amika_after; or test "$name=$$name" != "$pair"; or set -eg $name
    end
end

# __amika_look: follow the env file; past its end it is one without keys
function __amika_look
    set -l line
    test -r @FOLDER@/env.fish; and read line <@FOLDER@/env.fish
    set -l ends (string match -r '^# amika .* ([1-9][0-9]*)$' -- $line)[2]
    set -g __amika_ends
    set -g __amika_before (string split -- \x1f "$_AMIKA_API_KEYS")
    set -g __amika_after "$line"
    if set -q ends[1]; and test (date +%s) -ge $ends
        true
    else if string match -q '# *' -- $line
        string match -r '^set -gx .*' <@FOLDER@/env.fish | string replace 'set -gx' __amika_apply | source
        set -g __amika_ends $ends
    end
    __amika_drop
    set -e _AMIKA_API_KEYS
    test -z "$line"; or set -gx _AMIKA_API_KEYS (string join -- \x1f $__amika_after '' | string collect)
    set -e __amika_before
    set -e __amika_after
    # from now on each prompt looks at the time too
    set -q __amika_ends[1]; and not functions -q __amika_clock; or return 0
    function __amika_clock --on-event fish_prompt
        set -q __amika_ends[1]; and test (date +%s) -ge $__amika_ends; and source @FOLDER@/rest.fish
    end
end
__amika_look
