# Completion of sms-bridge for bash: the program itself says what may come next.
_sms_bridge() {
    local kind value
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case $kind in
        file) compopt -o default ;;
        dir) compopt -o dirnames ;;
        *) COMPREPLY+=("$value") ;;
        esac
    done < <(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD _SMS_BRIDGE_COMPLETE=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F _sms_bridge sms-bridge
