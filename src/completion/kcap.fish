# Completion of kcap for fish.
function __kcap_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l answer (kcap --kcap-complete fish $before[2..-1] "$current" 2>/dev/null)
    switch "$answer[1]"
        case files folders
            set -l option (string match -r -- '^--[^=]*=' $current)
            for file in (__fish_complete_path (string replace -r -- '^--[^=]*=' '' $current))
                printf '%s%s\n' "$option" $file
            end
        case '*'
            printf '%s\n' $answer[2..-1]
    end
end
complete -c kcap -f -a '(__kcap_complete)'
