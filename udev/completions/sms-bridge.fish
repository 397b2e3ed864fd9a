# Completion of sms-bridge for fish: the program itself says what may come next.
function __sms_bridge
    set -lx COMP_WORDS (commandline -cp)
    set -lx COMP_CWORD (count (commandline -opc))
    for line in (_SMS_BRIDGE_COMPLETE=bash_complete sms-bridge 2>/dev/null)
        set -l parts (string split -m 1 , -- $line)
        switch $parts[1]
            case file dir
                __fish_complete_path (commandline -ct)
            case '*'
                echo $parts[2]
        end
    end
end
complete -c sms-bridge -f -a '(__sms_bridge)'
