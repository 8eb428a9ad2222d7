#compdef kcap
# Completion of kcap for zsh.
_kcap() {
  local tab=$'\t' line value about
  local -a answer whole open
  answer=("${(@f)$(kcap --kcap-complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  case $answer[1] in
    files|folders)
      compset -P '--*='
      if [[ $answer[1] == files ]]; then _files; else _files -/; fi
      return ;;
  esac
  for line in "${(@)answer[2,-1]}"; do
    # _describe parts a word from what it means by a colon.
    value=${line%%$tab*} about=${line#*$tab}
    value=${${value//\\/\\\\}//:/\\:}
    if [[ $value == */ ]]; then open+=("$value"); else whole+=("$value${about:+:$about}"); fi
  done
  _describe -t words kcap whole -- open -S ''
}
if [[ $funcstack[1] == _kcap ]]; then _kcap "$@"; else compdef _kcap kcap; fi
