function __amika_prompt -e fish_prompt
    test -O @FOLDER@/env.fish; and read -l -d\x1f l x <@FOLDER@/env.fish; or set -l l
    string match -q -- "$l"\x1f"*" "$_AMIKA_API_KEYS"\x1f; or source @FOLDER@/hook.fish 2>/dev/null
end
