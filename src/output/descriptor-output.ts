import { close, constants, ftruncate, open, type Stats, write } from 'node:fs'
import { isatty } from 'node:tty'
import { promisify } from 'node:util'
import { KcapError } from '../base/kcap-error.ts'
import type { ByteOutput } from './byte-output.ts'
import { readWritableStatus } from './inherited-descriptor.ts'
import { toOutputError } from './output-error.ts'
import { makePipeOutput } from './pipe-output.ts'
import { type WritableFile, writeWhole } from './write-whole.ts'

const stdoutDescriptor = 1
const openDevice = promisify(open)
const closeDescriptor = promisify(close)
const writeDescriptor = promisify(write)
const truncateDescriptor = promisify(ftruncate)

/**
 * Opens standard output.
 * @throws {KcapError} output-is-terminal — when it is a terminal; binary output is useless there and can upset it
 */
export function openStdoutOutput(): ByteOutput {
  refuseTerminal(stdoutDescriptor, '-')
  return openDescriptorOutput(stdoutDescriptor, 'standard output')
}

/**
 * Opens a descriptor that this process inherited, such as the one bash creates for `>(program)`.
 * @throws {KcapError} output-is-terminal — when it is a terminal
 * @throws {KcapError} output-not-writable — when it is not open, or of a kind that cannot hold a capture
 */
export function openDescriptorOutput(descriptor: number, name: string): ByteOutput {
  refuseTerminal(descriptor, name)
  const status = readStatus(descriptor, name)
  if (status.isFIFO() || status.isSocket()) return makePipeOutput(name, descriptor)
  // Node creates no stream for anything else, such as /dev/null.
  return makeDescriptorOutput(descriptor, name, status.isFile() && status.size === 0)
}

/**
 * Opens a device such as /dev/null, and keeps its owner and mode.
 * @throws {KcapError} output-is-terminal — when it is a terminal
 * @throws {KcapError} output-not-writable — when it cannot be opened
 */
export async function openDeviceOutput(path: string): Promise<ByteOutput> {
  const descriptor = await openDevice(path, constants.O_WRONLY | constants.O_NOCTTY).catch((error: unknown) =>
    Promise.reject(toOutputError(path, error)),
  )
  try {
    refuseTerminal(descriptor, path)
  } catch (error) {
    await closeDescriptor(descriptor)
    throw error
  }
  return { ...makeDescriptorOutput(descriptor, path, false), close: async () => await closeDescriptor(descriptor) }
}

function refuseTerminal(descriptor: number, name: string): void {
  if (!isatty(descriptor)) return
  const subject = name === '-' ? 'standard output' : 'it'
  throw new KcapError(
    'output-is-terminal',
    `cannot write "${name}": ${subject} is a terminal, and a capture is binary`,
    {
      hints: ['kcap … --wireshark', 'kcap … -o FILE', 'kcap … -o - | tshark -i -'],
    },
  )
}

function readStatus(descriptor: number, name: string): Stats {
  try {
    return readWritableStatus(descriptor)
  } catch (error) {
    throw toOutputError(name, error)
  }
}

/**
 * Returns the output for `kcap … -o - > file`: the shell's file or device, written at its current position. A file that was empty ends with a whole
 * packet, like kcap's own.
 */
function makeDescriptorOutput(descriptor: number, name: string, isOwnFile: boolean): ByteOutput {
  const file: WritableFile = {
    write: async (bytes) => (await writeDescriptor(descriptor, bytes)).bytesWritten,
    async truncate(to) {
      if (isOwnFile) await truncateDescriptor(descriptor, to)
    },
  }
  let length = 0
  return {
    name,
    readerGone: new Promise(() => {}),
    isLive: true,
    async write(bytes, findWhole = () => 0) {
      try {
        await writeWhole(file, bytes, length, findWhole)
      } catch (error) {
        throw toOutputError(name, error)
      }
      length += bytes.length
      return true
    },
    async close() {},
  }
}
