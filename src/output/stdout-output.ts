import { fstatSync, write } from 'node:fs'
import { isatty } from 'node:tty'
import { promisify } from 'node:util'
import { KcapError } from '../base/kcap-error.ts'
import type { ByteOutput } from './byte-output.ts'
import { toOutputError } from './output-error.ts'
import { makePipeOutput } from './pipe-output.ts'

const stdoutDescriptor = 1
const writeDescriptor = promisify(write)

/** Standard output. Throws `output-is-terminal`: a capture on a terminal helps nobody and can upset it. */
export function openStdoutOutput(): ByteOutput {
  if (isatty(stdoutDescriptor)) {
    throw new KcapError(
      'output-is-terminal',
      'cannot write "-": standard output is a terminal, and a capture is binary',
      {
        hints: ['kcap … --wireshark', 'kcap … -o FILE', 'kcap … -o - | tshark -i -'],
      },
    )
  }
  const status = fstatSync(stdoutDescriptor)
  // Of anything else, as /dev/null, Node makes no stream.
  return status.isFIFO() || status.isSocket()
    ? makePipeOutput('standard output', stdoutDescriptor)
    : makeDescriptorOutput()
}

/** `kcap … -o - > file`: the shell's file or device, written at its own position. */
function makeDescriptorOutput(): ByteOutput {
  return {
    name: 'standard output',
    readerGone: new Promise(() => {}),
    isLive: true,
    async write(bytes) {
      try {
        for (let written = 0; written < bytes.length; ) {
          written += (await writeDescriptor(stdoutDescriptor, bytes, written)).bytesWritten
        }
        return true
      } catch (error) {
        throw toOutputError('standard output', error)
      }
    },
    async close() {},
  }
}
