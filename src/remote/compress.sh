# shellcheck shell=sh
# Defines `compress`, which compresses standard input and keeps it live; gzip alone would hold back 32 KB. Each read becomes its own gzip member. A
# pause follows, so that a few packets do not cost one gzip each. A full read shows that more data is waiting: the next member takes all of it, up to
# 4 MB, without waiting for more. For that, the pipe is opened again, because non-blocking mode is a property of an open file and would persist.
# busybox's dd cannot do that and makes one larger read.
#
# `dd` reports how much it has read; `0+0 records in` means the end. If the function ends before its input (gzip could not write), that closes the
# pipe, which ends the capture program.
compress() {
  once='bs=32768 count=1' more='if=/proc/self/fd/0 iflag=nonblock bs=65536 count=64'; how=$once
  # shellcheck disable=SC2086 # each is several words
  while told=$({ LC_ALL=C dd $how 2>&7 | gzip -1 -c >&8; } 7>&1); do
    case $how$told in
      "$once"1+0*) how=$more ;;
      "$once"0+1*) sleep 0.2 2>/dev/null ;;
      "$once"*) break ;;
      *' records in'*) how=$once ;;
      *) more='bs=65536 count=1' how=$more ;;
    esac
  done
} 8>&1
