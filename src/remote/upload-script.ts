import { hearFunction } from './hear-script.ts'

/** Begins the names of programs that kcap uploads; `kcap cleanup` recognises them by it. */
export const uploadedNamePrefix = 'kcap-tcpdump-'
export const uploadFolders = ['/tmp', '/var/tmp', '/dev/shm', '/run'] as const

/** Half a second on a link of 64 kbit/s. */
export const smallestPieceBytes = 4 * 1024
/** A pipe holds no more. On a link that slows down to 64 kbit/s it takes 8 s. */
export const largestPieceBytes = 64 * 1024
/** 256 KiB in pieces of 64 KiB: dash reads each word by programs that it must start. */
export const largestRunDigit = 6

/**
 * Lines for the upload script's standard input, two bytes each. A digit announces a run of `smallestPieceBytes << digit` bytes, or of what is
 * missing if that is less; the script takes it in pieces of `largestPieceBytes` at most.
 */
export const uploadWords = { heartbeat: 'h\n', remove: 'q\n', run: (digit: number) => `${digit}\n` } as const

/** The remote side removes the file when it has heard nothing for this long. */
const silenceTimeoutSeconds = 20

/** An answer of the script, one a line on standard output. */
export type UploadAnswer =
  /** It has found a folder and waits for the first run. */
  | { readonly kind: 'ready' }
  /** One more piece is in the file. */
  | { readonly kind: 'taken' }
  /** The file is whole: its path, then its SHA-256, or its checksum and size as `cksum` prints them. */
  | { readonly kind: 'whole'; readonly path: string; readonly sum: string }
  | { readonly kind: 'failed'; readonly reason: string }

/**
 * Returns a script that takes `size` bytes into an executable file in the first folder where one can run, and keeps the file as long as it
 * runs itself: until `remove`, the end of its input, or silence. So nothing is left whenever kcap ends, and there is no gap between upload and
 * capture. It waits for the first run with `ready`, because an older API server doesn't report the end of a program that has left input unread.
 *
 * Each piece is acknowledged once it is written: that paces the sender and shows life on both sides. Only `dd` takes exactly a piece from a
 * pipe everywhere; `bs=1` is for an old busybox.
 *
 * A cut in the middle of a piece leaves `dd` waiting, so something must end it: `timeout`, or where that is busybox's, which leaves a process to
 * the container's PID 1, a relay of the answers that misses them. A shell without either waits for the end of its input.
 *
 * The capture id in its argv shows the main process of a debug container that it is needed.
 *
 * `machines` are those that the program runs on, as `uname -m` names them; empty if unknown. A shell may take a program for another machine
 * for a script.
 */
export function makeUploadArgv(upload: {
  readonly name: string
  readonly captureId: string
  readonly size: number
  readonly machines: readonly string[]
  readonly silenceSeconds?: number
}): string[] {
  const { name, captureId, size, machines, silenceSeconds = silenceTimeoutSeconds } = upload
  const words = [captureId, name, String(size), String(silenceSeconds), machines.join(' ')]
  return ['sh', '-c', script, 'kcap-upload', ...words, ...uploadFolders]
}

const script = `
trap '' PIPE
exec 3<&0 </dev/null
name=$2 size=$3 silence=$4 machines=$5; shift 5
umask 077
fail() { echo "failed $*"; exit 3; }
has() { command -v "$1" >/dev/null 2>&1; }
machine=$(uname -m 2>/dev/null)
if [ -n "$machine" ] && [ -n "$machines" ]; then
  case " $machines " in
    *" $machine "*) ;;
    *) fail "it is a program for \${machines%% *}, and the machine there is $machine" ;;
  esac
fi
for tool in dd chmod rm; do has $tool || fail "there is no \\"$tool\\""; done
has sha256sum || has cksum || fail 'there is no "sha256sum", nor "cksum"'
${hearFunction}
limit= fullblock=
if has timeout; then case $(timeout 2>&1) in *BusyBox*) ;; *) limit="timeout $silence" ;; esac; fi
dd bs=1 count=1 iflag=fullblock </dev/null >/dev/null 2>&1 && fullblock=1
take() {
  if [ -n "$fullblock" ]; then set -- "bs=$1" count=1 iflag=fullblock; else set -- bs=1 "count=$1"; fi
  $limit dd "$@" <&3 >>"$file" 2>/dev/null &
  [ -n "$limit" ] || echo "pid $!"
  wait $!
}
receive() {
  left=$size
  while word=$(hear "$silence" 2>/dev/null) && [ -n "$word" ]; do
    case $word in
      [0-${largestRunDigit}])
        run=$((${smallestPieceBytes} << word)); [ $run -le $left ] || run=$left
        while [ $run -gt 0 ]; do
          piece=${largestPieceBytes}; [ $piece -le $run ] || piece=$run
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
  printf '#!/bin/sh\\n' 2>/dev/null >"$file" || continue
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
`

const pathPattern = /^\/[\w./-]{1,200}$/
const maxReasonLength = 1_000

/** Parses a line of the script; undefined for anything else, since containers may print anything. */
export function parseUploadAnswer(line: string): UploadAnswer | undefined {
  const [word, path = '', ...sum] = line.trim().split(' ')
  if (word === 'ready' || word === 'taken') return { kind: word }
  if (word === 'failed') return { kind: word, reason: line.trim().slice(word.length + 1, maxReasonLength) }
  return word === 'whole' && pathPattern.test(path) ? { kind: word, path, sum: sum.join(' ') } : undefined
}
