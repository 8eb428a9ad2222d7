import { fstatSync, ftruncate, write } from 'node:fs'
import { isatty } from 'node:tty'
import { promisify } from 'node:util'
import { KcapError } from '../base/kcap-error.ts'
import type { ByteOutput } from './byte-output.ts'
import { toOutputError } from './output-error.ts'
import { makePipeOutput } from './pipe-output.ts'
import { type WritableFile, writeWhole } from './write-whole.ts'

const stdoutDescriptor = 1
const writeDescriptor = promisify(write)
const truncateDescriptor = promisify(ftruncate)

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
    : makeDescriptorOutput(status.isFile() && status.size === 0)
}

/** `kcap … -o - > file`: the shell's file or device, written at its own position. A file that was empty is kept whole as one of ours. */
function makeDescriptorOutput(isOwnFile: boolean): ByteOutput {
  const file: WritableFile = {
    write: async (bytes) => (await writeDescriptor(stdoutDescriptor, bytes)).bytesWritten,
    async truncate(to) {
      if (isOwnFile) await truncateDescriptor(stdoutDescriptor, to)
    },
  }
  let length = 0
  return {
    name: 'standard output',
    readerGone: new Promise(() => {}),
    isLive: true,
    async write(bytes, findWhole = () => 0) {
      try {
        await writeWhole(file, bytes, length, findWhole)
      } catch (error) {
        throw toOutputError('standard output', error)
      }
      length += bytes.length
      return true
    },
    async close() {},
  }
}
