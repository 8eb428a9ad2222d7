import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { ErrorCode } from '../base/error-codes.ts'
import type { Hint } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { WriteLog } from '../base/log.ts'
import { posixChecksum } from '../base/posix-checksum.ts'
import { makeUploadArgv, uploadedNamePrefix } from '../remote/upload-script.ts'
import type { Route } from '../route/route.ts'
import { type SendOutcome, sendProgram } from './send-program.ts'

/** Progress of a running upload. */
export interface UploadProgress {
  readonly takenBytes: number
  readonly totalBytes: number
}

export interface UploadOptions {
  readonly targetName: string
  readonly signal: AbortSignal
  /** Called each time more has arrived, and with undefined at the end. */
  readonly onUpload: (progress: UploadProgress | undefined) => void
  /** Lines for `--verbose` and log files. */
  readonly log: WriteLog
}

/** An uploaded program on the remote host; removed at the latest when kcap ends. */
export interface UploadedProgram {
  readonly path: string
  /** Removes its file. A process that runs it continues. */
  remove(): void
}

/**
 * Uploads a tcpdump from this machine over a route. It must be static, and built for the remote processor.
 * @throws {KcapError} upload-failed — when it can't be read, put there or run there, or when something else arrived
 * @throws {KcapError} connection-lost — when the connection is lost meanwhile
 */
export async function uploadTcpdump(route: Route, file: string, options: UploadOptions): Promise<UploadedProgram> {
  const { targetName, signal, onUpload, log } = options
  const fail = (state: string, hint: Hint, code: ErrorCode = 'upload-failed') =>
    new KcapError(code, `cannot put "${file}" into "${targetName}": ${state}`, { hints: [hint] })
  const program = await readFile(file).catch((error: Error) => {
    throw fail(error.message, fileHint)
  })
  const totalBytes = program.length
  if (totalBytes === 0) throw fail('the file is empty', fileHint)
  const size = `${(totalBytes / 1e6).toFixed(1)} MB`
  const argv = makeUploadArgv({
    name: `${uploadedNamePrefix}${randomBytes(4).toString('hex')}`,
    captureId: `${route.captureIdPrefix ?? ''}upload`,
    size: totalBytes,
    machines: findMachines(program),
  })
  const startedMs = performance.now()
  log(`${targetName}: uploading "${file}", ${size}`)
  onUpload({ takenBytes: 0, totalBytes })
  const onTaken = (takenBytes: number) => onUpload({ takenBytes, totalBytes })
  const outcome = await sendProgram(route.start, argv, program, { signal, onTaken }).finally(() => onUpload(undefined))
  if (outcome.kind !== 'arrived') throw explain(outcome, fail)
  const { path, sum, remove } = outcome
  const hash = createHash('sha256').update(program).digest('hex')
  const isWhole = sum.split(' ')[0] === hash || sum === `${posixChecksum(program)} ${totalBytes}`
  if (!isWhole) {
    remove()
    throw fail('what arrived there is not what was sent', 'start the same command again')
  }
  log(`${targetName}: uploaded to ${path}, ${size} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  return { path, remove }
}

const fileHint = '--upload-tcpdump FILE takes a static tcpdump for the processor of the node'
const otherRoutes = 'another route: --via ephemeral, --via node-pod'

function explain(
  outcome: Exclude<SendOutcome, { kind: 'arrived' }>,
  fail: (state: string, hint: Hint, code?: ErrorCode) => KcapError,
): KcapError {
  if (outcome.kind === 'failed') return fail(outcome.reason, otherRoutes)
  if (outcome.kind === 'stalled')
    return fail(`nothing of it was taken for ${outcome.stalledMs / 1000} s`, 'is the node busy? try again')
  const { exit, stderr } = outcome
  if (exit.kind === 'refused') return exit.error
  if (exit.kind === 'exited') return fail(stderr.trim() || `exit code ${exit.code}`, otherRoutes)
  // The message of a lost connection is about a capture, which has not begun.
  const state = exit.error.message.replace(/^cannot continue capturing ".*?": /, '')
  return fail(state, 'nothing of it stays there; start the same command again', exit.error.code)
}

/** Machines by ELF's e_machine; 64-bit kernels run 32-bit programs too. https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
const machinesOf: Readonly<Record<number, readonly string[]>> = {
  3: ['i386', 'i486', 'i586', 'i686', 'x86_64'],
  21: ['ppc64le', 'ppc64'],
  22: ['s390x'],
  40: ['armv7l', 'armv6l', 'armv8l', 'aarch64'],
  62: ['x86_64'],
  183: ['aarch64', 'arm64'],
  243: ['riscv64'],
}

/** Returns the machines that a program runs on, as `uname -m` prints them; none for a file that is not ELF, or an unknown machine. */
function findMachines(program: Buffer): readonly string[] {
  const isElf = program.length > 20 && program.readUInt32BE(0) === 0x7f454c46
  const isBigEndian = program[5] === 2
  if (!isElf) return []
  return machinesOf[isBigEndian ? program.readUInt16BE(18) : program.readUInt16LE(18)] ?? []
}
