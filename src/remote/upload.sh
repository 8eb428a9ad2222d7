# shellcheck shell=sh
# shellcheck disable=SC2086 # $limit is two words or none, the others are numbers
# shellcheck disable=SC2154 # smallest_piece, largest_piece, largest_run_digit: assigned by upload-script.ts
# shellcheck disable=SC3045 # `read -t` only where `timed_read` is set
# Writes a program to an executable file, in the first folder from which one can run, and keeps it until `q`, the end of its input, or silence.
# Arguments: capture id, file name, size, seconds of silence, machine types as in `uname -m`, then the folders. The main process of
# a debug container finds the capture id and stays alive.
trap '' PIPE
exec 3<&0 </dev/null
name=$2 size=$3 silence=$4 machines=$5; shift 5
umask 077
. ./read-line.sh
fail() { echo "failed $*"; exit 3; }
# A shell may mistake a program for another machine for a script.
machine=$(uname -m 2>/dev/null)
if [ -n "$machine" ] && [ -n "$machines" ]; then
  case " $machines " in
    *" $machine "*) ;;
    *) fail "it is a program for ${machines%% *}, and the machine there is $machine" ;;
  esac
fi
for tool in dd chmod rm; do has $tool || fail "there is no \"$tool\""; done
has sha256sum || has cksum || fail 'there is no "sha256sum", nor "cksum"'
# A cut in the middle of a piece leaves `dd` waiting, so something must end it. That is `timeout`, unless it is busybox's, which leaves a process to
# the container's PID 1. Then a relay of the answers notices that they stop. A shell without either waits for the end of its input.
limit='' fullblock=''
if has timeout; then case $(timeout 2>&1) in *BusyBox*) ;; *) limit="timeout $silence" ;; esac; fi
dd bs=1 count=1 iflag=fullblock </dev/null >/dev/null 2>&1 && fullblock=1
# Only `dd` reads exactly one piece from a pipe everywhere; `bs=1` is for an old busybox.
take() {
  if [ -n "$fullblock" ]; then set -- "bs=$1" count=1 iflag=fullblock; else set -- bs=1 "count=$1"; fi
  $limit dd "$@" <&3 >>"$file" 2>/dev/null &
  [ -n "$limit" ] || echo "pid $!"
  wait $!
}
receive() {
  left=$size
  while word=$(read_line "$silence" 2>/dev/null) && [ -n "$word" ]; do
    case $word in
      [0-$largest_run_digit])
        run=$((smallest_piece << word)); [ $run -le $left ] || run=$left
        while [ $run -gt 0 ]; do
          piece=$largest_piece; [ $piece -le $run ] || piece=$run
          take $piece
          case $? in
            0) ;;
            124 | 143) break 2 ;;
            *) echo "failed writing into $folder failed"; break 2 ;;
          esac
          run=$((run-piece)) left=$((left-piece))
          echo taken
        done
        if [ $left = 0 ]; then
          if has sha256sum; then sum=$(sha256sum <"$file"); else sum=$(cksum <"$file"); fi
          echo "whole $file $sum"
        fi ;;
      h) echo alive ;;
      *) break ;;
    esac
  done
  rm -f "$file"
}
relay() {
  taker=
  while read -r -t "$silence" word rest; do
    case $word in
      pid) taker=$rest ;;
      end) return ;;
      *) taker=; echo "$word $rest" ;;
    esac
  done
  [ -z "$taker" ] || kill $taker
}
for folder; do
  file=$folder/$name
  printf '#!/bin/sh\n' 2>/dev/null >"$file" || continue
  if chmod 700 "$file" 2>/dev/null && "$file" 2>/dev/null; then
    : >"$file"
    echo ready
    if [ -n "$limit" ] || [ -z "$timed_read" ]; then receive; exit; fi
    { receive; echo end; } | relay
    exit
  fi
  rm -f "$file"
done
fail 'there is no folder where a program could be put and run'
