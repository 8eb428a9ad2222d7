import { hearFunction } from './hear-script.ts'

/** Prefix of the names of uploaded programs, by which `kcap cleanup` recognises them. */
export const uploadedNamePrefix = 'kcap-tcpdump-'
export const uploadFolders = ['/tmp', '/var/tmp', '/dev/shm', '/run'] as const

/** Smallest piece: half a second on a link of 64 kbit/s. */
export const smallestPieceBytes = 4 * 1024
/** Largest piece, which is also the capacity of a pipe. On a link that slows down to 64 kbit/s it takes 8 s. */
export const largestPieceBytes = 64 * 1024
/** Limit of a run: 256 KiB in pieces of 64 KiB. dash has to start programs to read each word. */
export const largestRunDigit = 6

/**
 * Lines for the upload script's standard input, two bytes each. A digit announces a run of `smallestPieceBytes << digit` bytes, or of the remaining
 * bytes if there are fewer. The script reads it in pieces of at most `largestPieceBytes`.
 */
export const uploadWords = { heartbeat: 'h\n', remove: 'q\n', run: (digit: number) => `${digit}\n` } as const

/** Silence after which the remote side removes the file, in seconds. */
const silenceTimeoutSeconds = 20

/** Answer of the script, one per line on standard output. */
export type UploadAnswer =
  /** The script has found a folder and waits for the first run. */
  | { readonly kind: 'ready' }
  /** One more piece has been written. */
  | { readonly kind: 'taken' }
  /** The file is complete: its path, then its SHA-256, or its checksum and size as `cksum` prints them. */
  | { readonly kind: 'whole'; readonly path: string; readonly sum: string }
  | { readonly kind: 'failed'; readonly reason: string }

/**
 * Returns a script that writes `size` bytes to an executable file, in the first folder from which one can run. It keeps the file until `remove`, the
 * end of its input, or silence. Nothing is left behind whenever kcap ends, and there is no gap between upload and capture. It reports `ready` and
 * waits for the first run, because an older API server does not report the end of a program with unread input.
 *
 * The script acknowledges each piece once it is written, which paces the sender and shows both sides that the other is alive. Only `dd` reads exactly
 * one piece from a pipe everywhere; `bs=1` is for an old busybox.
 *
 * A cut in the middle of a piece leaves `dd` waiting, so something must end it. That is `timeout`, unless it is busybox's, which leaves a process to
 * the container's PID 1. Then a relay of the answers notices that they stop. A shell without either waits for the end of its input.
 *
 * The capture id in its argv tells the main process of a debug container that it is needed.
 *
 * `machines` are the types that the program runs on, as in `uname -m`; empty if unknown. A shell may mistake a program for another machine for a
 * script.
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

/** Parses a line of the script; returns undefined for anything else, because containers can print anything. */
export function parseUploadAnswer(line: string): UploadAnswer | undefined {
  const [word, path = '', ...sum] = line.trim().split(' ')
  if (word === 'ready' || word === 'taken') return { kind: word }
  if (word === 'failed') return { kind: word, reason: line.trim().slice(word.length + 1, maxReasonLength) }
  return word === 'whole' && pathPattern.test(path) ? { kind: word, path, sum: sum.join(' ') } : undefined
}
