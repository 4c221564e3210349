function __amika_prompt -e fish_prompt
    test -e @FOLDER@/mark.fish.@MARK@ || source @FOLDER@/hook.fish 2>&-
end
