import { assignVariables } from './assign-variables.ts'
import { kernelBufferKib } from './capture-command.ts'
import { script } from './cleanup.sh'
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
  const values = {
    report_prefix: reportPrefix,
    uploaded_prefix: uploadedNamePrefix,
    buffers_kib: Object.values(kernelBufferKib).join(' '),
  }
  return ['sh', '-c', assignVariables(values, script), 'kcap-cleanup', mode, ...uploadFolders]
}

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
