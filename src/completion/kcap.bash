# Completion of kcap for bash 4.4 or newer.
_kcap() {
  local answer
  mapfile -t answer < <(kcap --kcap-complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
  COMPREPLY=()
  case ${answer[0]-} in
    files) compopt -o default ;;
    folders) compopt -o dirnames ;;
    *) COMPREPLY=("${answer[@]:1}") ;;
  esac
  # What ends in a slash goes on.
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then compopt -o nospace; fi
}
complete -F _kcap kcap
