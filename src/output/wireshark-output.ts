import type { ChildProcess, StdioOptions } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { KcapError } from '../base/kcap-error.ts'
import { printable } from '../base/printable.ts'
import { makePrivateFolder } from '../host/private-folder.ts'
import { runProgram } from '../host/run-program.ts'
import { startDetached } from '../host/start-program.ts'
import { listWiresharkFiles } from '../host/wireshark-places.ts'
import type { ByteOutput } from './byte-output.ts'
import { openFifoOutput } from './fifo-output.ts'
import { makeStreamOutput } from './pipe-output.ts'

const makeFifoTimeoutMs = 5_000
const maxTitleLength = 80
/** Wireshark options that show the names in the capture and look up no addresses elsewhere. They apply to this window only. */
const showNames = ['-o', 'nameres.network_name:TRUE', '-o', 'nameres.use_external_name_resolver:FALSE']

/**
 * Opens a Wireshark window on the live stream; it stays open when the capture ends. Uses a FIFO, because Wireshark keeps the reading end of a
 * standard input pipe open after Stop, and nobody would notice. The window shows its input as given, so the FIFO is named `title` and passed by its
 * bare name, with its folder as current folder. Rejects with the signal's reason when aborted before Wireshark reads.
 * @throws {KcapError} output-not-writable — when Wireshark cannot start, or ends before it reads
 */
export async function openWiresharkOutput(
  title: string,
  signal: AbortSignal,
  program = listWiresharkFiles(['wireshark', 'Wireshark']).find(existsSync) ?? 'wireshark',
): Promise<ByteOutput> {
  // Windows has no FIFOs in its file system; there, Stop ends the capture together with the window.
  if (process.platform === 'win32') return await openStdinOutput(program)
  const folder = makePrivateFolder('window')
  const removeFolder = async () => await rm(folder, { recursive: true, force: true })
  try {
    const name = [...printable(title).replaceAll('/', '-')].slice(0, maxTitleLength).join('')
    const fifo = path.join(folder, name)
    await makeFifo(fifo)
    const child = await startWireshark(program, { input: name, folder, stdin: 'ignore' })
    const ended = new AbortController()
    child.once('exit', (code) => ended.abort(makeEndedError(program, code)))
    const output = await openFifoOutput(fifo, AbortSignal.any([signal, ended.signal]))
    return {
      ...output,
      name: 'Wireshark',
      async close() {
        await output.close()
        await removeFolder()
      },
    }
  } catch (error) {
    await removeFolder()
    throw error
  }
}

async function openStdinOutput(program: string): Promise<ByteOutput> {
  const { stdin } = await startWireshark(program, { input: '-', stdin: 'pipe' })
  if (stdin === null) throw new Error('the child has no standard input')
  return makeStreamOutput('Wireshark', stdin)
}

interface WiresharkStart {
  /** Input as given to Wireshark, which shows it in the window's title. */
  readonly input: string
  /** Folder that contains the input. */
  readonly folder?: string
  readonly stdin: 'ignore' | 'pipe'
}

async function startWireshark(program: string, { input, folder, stdin }: WiresharkStart): Promise<ChildProcess> {
  // A separate session: Ctrl-C in kcap's terminal ends the capture, but not the window with its packets.
  const stdio: StdioOptions = [stdin, 'ignore', 'ignore']
  const child = await startDetached([program, '-k', '-i', input, ...showNames], stdio, {}, folder).catch(
    (error: Error) => {
      const hints = ['install Wireshark, or write a file: -o capture.pcapng']
      throw new KcapError('output-not-writable', `cannot start "${program}": ${error.message}`, { hints, cause: error })
    },
  )
  child.unref()
  return child
}

function makeEndedError(program: string, code: number | null): KcapError {
  const state = code === null ? 'it was killed' : `it ended with exit code ${code}`
  return new KcapError('output-not-writable', `cannot show packets in "${program}": ${state} before it read any`, {
    hints: [`see what it says: ${program}`, 'or write a file: -o capture.pcapng'],
  })
}

async function makeFifo(fifo: string): Promise<void> {
  const { exitCode, stderr } = await runProgram(['mkfifo', '-m', '600', fifo], { timeoutMs: makeFifoTimeoutMs })
  if (exitCode === 0) return
  throw new KcapError('output-not-writable', `cannot make the FIFO "${fifo}": ${stderr.trim() || 'mkfifo failed'}`, {
    hints: ['or write a file: -o capture.pcapng'],
  })
}
