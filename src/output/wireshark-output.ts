import { spawn } from 'node:child_process'
import { KcapError } from '../base/kcap-error.ts'
import type { ByteOutput } from './byte-output.ts'
import { makeStreamOutput } from './pipe-output.ts'

/** Wireshark's window on the live stream. It stays open when the capture ends. Throws `output-not-writable` when there is none. */
export async function openWiresharkOutput(program = 'wireshark'): Promise<ByteOutput> {
  // Its own session: Ctrl-C on kcap's terminal ends the capture, not the window with its packets.
  const child = spawn(program, ['-k', '-i', '-'], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error: NodeJS.ErrnoException) => {
      const state = error.code === 'ENOENT' ? 'there is no such program on PATH' : error.message
      const hints = ['install Wireshark, or write a file: -o capture.pcapng']
      reject(new KcapError('output-not-writable', `cannot start "${program}": ${state}`, { hints, cause: error }))
    })
  })
  child.unref()
  return makeStreamOutput('Wireshark', child.stdin)
}
