# amika hook 2, removed by: amika shell-init fish --uninstall
function __amika_prompt --on-event fish_prompt
    test -r @FOLDER@/env.fish; and read -l l <@FOLDER@/env.fish; or set -l l
    string match -q -- "$l"\x1f"*" "$_AMIKA_API_KEYS"\x1f; and not set -q argv[1]; or source @FOLDER@/rest.fish 2>/dev/null
end
source @FOLDER@/env.fish 2>/dev/null
