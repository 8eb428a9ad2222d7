# shellcheck shell=sh
# shellcheck disable=SC2034 # `read` splits lines into more words than are used
# shellcheck disable=SC2154 # report_prefix, uploaded_prefix, buffers_kib: assigned by cleanup-script.ts
# shellcheck disable=SC3013,SC3067 # `-ef` and `-O` are in dash, bash and ash
# Prints capture programs without a supervisor, and uploaded programs that nothing runs or uploads. Arguments: look|remove|force, then the folders of
# uploaded programs. Uses shell built-ins only. `environ` separates its entries by NUL, which `read` drops.
mode=$1; shift; exec 2>/dev/null
find_word() { case $2 in *"$1"*) return 0 ;; esac; return 1; }
print_lines() { while IFS= read -r line; do echo "$line"; done; echo "$line"; }
is_own_tcpdump() {
  for kib in $buffers_kib; do ! find_word "-B$kib-n-U" "$1" || return 0; done
  return 1
}
for folder in /proc/[0-9]*; do
  name=; read -r name <"$folder/comm"
  case $name in tcpdump | tshark | dumpcap | "$uploaded_prefix"*) ;; *) continue ;; esac
  environ=$(print_lines <"$folder/environ")
  if find_word KCAP_CAPTURE= "$environ"; then
    kind=process id=${environ#*KCAP_CAPTURE=}; id=${id%%[!0-9a-z-]*}
    # The next variable follows without a separator. A capture id is a UUID.
    rest=${id#????????-????-????-????-????????????}
    [ "$rest" = "$id" ] || id=${id%"$rest"}
  else
    [ -z "$environ" ] || continue
    is_own_tcpdump "$(print_lines <"$folder/cmdline")" || continue
    kind=suspect id=
  fi
  parent=
  while read -r key value x; do case $key in PPid:) parent=$value ;; esac; done <"$folder/status"
  above=$parent
  while [ "$above" -gt 0 ]; do
    find_word "$report_prefix" "$(print_lines <"/proc/$above/cmdline")" && continue 2
    up=0
    while read -r key value x; do case $key in PPid:) up=$value ;; esac; done <"/proc/$above/status"
    above=$up
  done
  echo "$kind ${folder#/proc/} $name $id"
  case $mode$kind in removeprocess | force*) kill -KILL "${folder#/proc/}" ;; esac
done
for folder; do
  for file in "$folder/$uploaded_prefix"*; do
    # shellcheck disable=SC2015 # not if-then-else
    [ -f "$file" ] && [ -O "$file" ] || continue
    for process in /proc/[0-9]*; do
      [ "$process/exe" -ef "$file" ] && continue 2
      find_word "${file##*/}" "$(print_lines <"$process/cmdline")" && continue 2
    done
    echo "file $file"
    [ "$mode" = look ] || rm -f "$file"
  done
done
exit 0
