import { kernelBufferKib } from './capture-command.ts'
import { reportPrefix } from './supervisor-script.ts'
import { uploadedNamePrefix, uploadFolders } from './upload-script.ts'

/** Leftover of a capture where it ran. */
export type Leftover =
  | { readonly kind: 'process'; readonly pid: number; readonly program: string; readonly captureId: string }
  /** Process with the arguments of kcap's tcpdump, whose environment only another user can read. */
  | { readonly kind: 'suspect'; readonly pid: number; readonly program: string }
  | { readonly kind: 'file'; readonly path: string }

/**
 * Returns an argv that finds capture programs without a supervisor, and uploaded programs that nothing runs or uploads; with `remove` it removes
 * them. The id in its environment identifies a capture; the script identifies its supervisor. A supervised capture is in use. A tcpdump that has
 * become another user hides its environment from everyone without SYS_PTRACE. It is a suspect, which only `force` ends.
 */
export function makeCleanupArgv(mode: 'look' | 'remove' | 'force'): string[] {
  return ['sh', '-c', script, 'kcap-cleanup', mode, ...uploadFolders]
}

/** Script that uses shell built-ins only. `environ` separates its entries by NUL, which `read` drops. */
const script = `
mode=$1; shift; exec 2>/dev/null
find_word() { case $2 in *"$1"*) return 0 ;; esac; return 1; }
print_lines() { while IFS= read -r line; do echo "$line"; done; echo "$line"; }
for folder in /proc/[0-9]*; do
  name=; read -r name <"$folder/comm"
  case $name in tcpdump | tshark | dumpcap | ${uploadedNamePrefix}*) ;; *) continue ;; esac
  environ=$(print_lines <"$folder/environ")
  if find_word KCAP_CAPTURE= "$environ"; then
    kind=process id=\${environ#*KCAP_CAPTURE=}; id=\${id%%[!0-9a-z-]*}
  else
    [ -z "$environ" ] || continue
    words=$(print_lines <"$folder/cmdline")
    ${Object.values(kernelBufferKib)
      .map((kib) => `find_word -B${kib}-n-U "$words"`)
      .join(' || ')} || continue
    kind=suspect id=
  fi
  parent=
  while read -r key value x; do case $key in PPid:) parent=$value ;; esac; done <"$folder/status"
  above=$parent
  while [ "$above" -gt 0 ]; do
    find_word '${reportPrefix}' "$(print_lines <"/proc/$above/cmdline")" && continue 2
    up=0
    while read -r key value x; do case $key in PPid:) up=$value ;; esac; done <"/proc/$above/status"
    above=$up
  done
  echo "$kind \${folder#/proc/} $name $id"
  case $mode$kind in removeprocess | force*) kill -KILL "\${folder#/proc/}" ;; esac
done
for folder; do
  for file in "$folder"/${uploadedNamePrefix}*; do
    [ -f "$file" ] && [ -O "$file" ] || continue
    for process in /proc/[0-9]*; do
      [ "$process/exe" -ef "$file" ] && continue 2
      find_word "\${file##*/}" "$(print_lines <"$process/cmdline")" && continue 2
    done
    echo "file $file"
    [ "$mode" = look ] || rm -f "$file"
  done
done
exit 0
`

/** Parses the script's output. Ignores anything else, because containers can print anything. */
export function parseLeftovers(text: string): Leftover[] {
  return text.split('\n').flatMap((line): Leftover[] => {
    const [, pid, program, captureId] = /^process (\d{1,10}) ([\w.-]{1,64}) ([0-9a-z-]{0,100})$/.exec(line) ?? []
    if (pid !== undefined && program !== undefined)
      return [{ kind: 'process', pid: Number(pid), program, captureId: captureId ?? '' }]
    const [, suspectPid, suspect] = /^suspect (\d{1,10}) ([\w.-]{1,64}) $/.exec(line) ?? []
    if (suspectPid !== undefined && suspect !== undefined)
      return [{ kind: 'suspect', pid: Number(suspectPid), program: suspect }]
    const path = /^file (\/[\w./-]{1,200})$/.exec(line)?.[1]
    return path === undefined ? [] : [{ kind: 'file', path }]
  })
}
