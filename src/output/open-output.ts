import type { OutputName } from '../base/capture-request.ts'
import type { ByteOutput } from './byte-output.ts'
import { openDescriptorOutput, openDeviceOutput, openStdoutOutput } from './descriptor-output.ts'
import { openFifoOutput } from './fifo-output.ts'
import { openFileOutput } from './file-output.ts'
import { openWiresharkOutput } from './wireshark-output.ts'

/** Output of a capture that only its readers get: there is nothing to write, and nothing to wait for. */
const readersOutput: ByteOutput = {
  name: 'the shared stream',
  readerGone: new Promise(() => {}),
  isLive: false,
  write: async () => true,
  close: async () => {},
}

/**
 * Opens the output of a request. `title` is the title of a Wireshark window. `tell` is called when a FIFO has no reader yet.
 * @throws {KcapError} output-* — before anything starts anywhere
 */
export async function openOutput(
  name: OutputName,
  title: string,
  signal: AbortSignal,
  tell: (event: string) => void = () => {},
): Promise<ByteOutput> {
  switch (name.kind) {
    case 'file':
      return await openFileOutput(name.path, { overwrite: name.overwrite === true })
    case 'fifo':
      return await openFifoOutput(name.path, signal, { overwrite: name.overwrite === true })
    case 'pipe':
      return await openFifoOutput(name.path, signal, {
        onWait: () => tell(`waiting for a program that reads "${name.path}"`),
      })
    case 'device':
      return await openDeviceOutput(name.path)
    case 'descriptor':
      return openDescriptorOutput(name.descriptor, name.path)
    case 'stdout':
      return openStdoutOutput()
    case 'wireshark':
      return await openWiresharkOutput(title, signal)
    case 'store':
      throw new Error('the files for an object store always rotate')
    case 'readers':
      return readersOutput
  }
}
