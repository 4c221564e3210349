# amika hook 5, removed by: amika shell-init fish --uninstall
#
# A new shell reads env.fish beside this file. An open one reads this when the mark that it knows is gone, mark.fish.…,
# a link that is named after the keys of env.fish; and a new one when one of the variables is set already.
#
# _AMIKA_API_KEYS is what this shell was given: "#" and a digest of the keys, the time when they end, then NAME=VALUE
# pairs, each followed by U+001F. It is exported, so that the shells started from this one know what is ours. The first
# line of the env file begins with it, then come the values alone, each after U+001E and a digest of the names; U+001D
# stands there for the end of a line.

# __amika_apply NAME VALUE: export it, unless you gave the variable a value yourself, or removed this one
function __amika_apply
    if set -q $argv[1]
        builtin contains -- "$argv[1]=$$argv[1]" $__amika_before; and set -gx $argv[1] $argv[2]; or return 0
    else if not builtin contains -- "$argv[1]=$argv[2]" $__amika_before
        set -gx $argv[1] $argv[2]
    end
    set -a __amika_after "$argv[1]=$argv[2]"
end

# __amika_drop: forget what was ours and is not any more, unless you gave the variable another value
function __amika_drop
    # one that somebody damaged may have any number of parts
    for pair in $__amika_before[2..500]
        set -l name (string split -m 1 = -- $pair)[1]
        string match -qr '^[A-Za-z_][A-Za-z0-9_]*$' -- $name; and set -q $name; or continue
        string match -q -- "$name=*" $__amika_after; or test "$name=$$name" != "$pair"; or set -eg $name
    end
end

# __amika_look: follow the env file; past its end it is one without keys
function __amika_look
    set -l line
    test -f @FOLDER@/env.fish -a -O @FOLDER@/env.fish; and read line <@FOLDER@/env.fish
    set -l pairs (string split -- \x1f (string split -- \x1e "$line")[1])
    # an agent up to version 4 wrote it
    string match -q -- '# amika *' "$pairs[1]"; and set pairs $pairs[1] (string split -- ' ' $pairs[1])[-1] $pairs[2..]
    set -l digest (string match -r '^#(.*)$' -- "$pairs[1]")[2]
    set -g __amika_at @FOLDER@/mark.fish.$digest
    # read with the names of an earlier file, which have no value then
    set -l torn (string match -- "*"\x1e"*" "$_AMIKA_API_KEYS")
    set -l ends (string match -r '^[1-9][0-9]*$' -- "$pairs[2]")
    set -g __amika_ends $ends
    if set -q ends[1]
        # from now on each prompt looks at the time too
        function __amika_clock --on-event fish_prompt
            set -q __amika_ends[1]; and test (date +%s) -ge $__amika_ends; and source @FOLDER@/hook.fish
        end
    end
    if set -q ends[1]; and test (date +%s) -ge $ends
        set -g __amika_ends
        set pairs $pairs[1..2]
    else if set -q digest[1]; and string match -q -- "#$digest"\x1f"*" "$_AMIKA_API_KEYS"; and not set -q torn[1]
        return 0
    end
    set -g __amika_before (string split -- \x1f "$_AMIKA_API_KEYS")
    set -q torn[1]; and set __amika_before (string replace -r '=.*' = -- $pairs)
    set -g __amika_after $pairs[1..2]
    for pair in $pairs[3..]
        set -l key (string split -m 1 = -- "$pair")
        set -q key[2]; or continue
        set -l parts (string split -- \x1d $key[2])
        set -l value "$parts[1]"
        for part in $parts[2..]
            set value $value\n$part
        end
        __amika_apply $key[1] $value
    end
    __amika_drop
    set -e _AMIKA_API_KEYS
    set -q digest[1]; and set -gx _AMIKA_API_KEYS (string join -- \x1f $__amika_after '' | string collect)
    set -e __amika_before
    set -e __amika_after
end

if functions -q __amika_prompt
    # without an env file it asks at each prompt whether there is one again
    function __amika_prompt --on-event fish_prompt
        test -e "$__amika_at"; or test -z "$__amika_at" -a ! -e @FOLDER@/env.fish; or source @FOLDER@/hook.fish 2>&-
    end
    __amika_look
else
    test -O @FOLDER@/env.fish; and source @FOLDER@/env.fish
end
