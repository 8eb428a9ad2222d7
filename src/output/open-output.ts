import type { OutputName } from '../base/capture-request.ts'
import type { ByteOutput } from './byte-output.ts'
import { openFifoOutput } from './fifo-output.ts'
import { openFileOutput } from './file-output.ts'
import { openStdoutOutput } from './stdout-output.ts'
import { openWiresharkOutput } from './wireshark-output.ts'

/** The output a request names; `title` tells a window what it shows. Throws `output-*` errors before anything is started anywhere. */
export async function openOutput(name: OutputName, title: string, signal: AbortSignal): Promise<ByteOutput> {
  switch (name.kind) {
    case 'file':
      return await openFileOutput(name.path, { overwrite: name.overwrite })
    case 'fifo':
      return await openFifoOutput(name.path, signal)
    case 'stdout':
      return openStdoutOutput()
    case 'wireshark':
      return await openWiresharkOutput(title, signal)
  }
}
