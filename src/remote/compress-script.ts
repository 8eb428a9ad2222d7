/** What of the remote side's programs it takes. */
export const compressPrograms = ['gzip', 'dd'] as const

/**
 * A shell function that compresses its standard input and keeps it live: gzip alone would hold 32 KB back. What one read gives becomes a gzip
 * member of its own, then there is a pause, so that few packets do not cost a gzip each. A read that is full to the brim shows that more
 * is waiting: the next member takes all there is, up to 4 MB, without waiting for more. For that the pipe is opened once more, since not to
 * wait is a property of an open file that would stay with it; busybox's dd can't, and takes what one larger read gives.
 *
 * `dd` says what it has read: `0+0 records in` is the end. The end of the function without an end of input (gzip could not write) closes
 * the pipe, which ends the capture program.
 */
export const compressFunction = `
compress() {
  once='bs=32768 count=1' more='if=/proc/self/fd/0 iflag=nonblock bs=65536 count=64'; how=$once
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
`
