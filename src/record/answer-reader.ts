import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodes } from '../base/error-codes.ts'
import { KcapError } from '../base/kcap-error.ts'
import { readChunks } from '../base/read-chunks.ts'
import { makePipeOutput } from '../output/pipe-output.ts'
import { readRecorded } from './read-recorded.ts'
import { liveSocket, recorderFolder } from './recorder-folder.ts'
import { watchClient } from './watch-client.ts'

/** Pause before the next connection to a recorder that is starting again. */
const pauseMs = 500

/**
 * Runs `kcap record pipe` and `kcap record read FROM-MS TO-MS [FILE:OFFSET]` in the pod of a recorder: writes its packets to standard output, for the
 * kcap at the other end of the exec channel.
 * @throws {KcapError} usage — when the words are invalid
 * @throws {KcapError} pod-not-found — when nothing is recorded here
 */
export async function answerReader(command: 'pipe' | 'read', words: readonly string[]): Promise<number> {
  const client = watchClient()
  const output = makePipeOutput('standard output', 1)
  void output.readerGone.then(client.leave)
  try {
    const answer =
      command === 'pipe'
        ? readLive(client.signal)
        : readRecorded({ ...parseWords(words), folder: recorderFolder, signal: client.signal })
    for await (const chunks of answer)
      for (const chunk of chunks) if (!(await output.write(chunk))) return exitCodes.done
    return exitCodes.done
  } catch (error) {
    if (client.signal.aborted) return exitCodes.done
    throw error
  } finally {
    client.close()
    await output.close()
  }
}

/** Yields what the recorder captures from now on, also after its container has started again. */
async function* readLive(signal: AbortSignal): AsyncGenerator<readonly Buffer[]> {
  while (!signal.aborted) {
    const socket = connect(liveSocket(recorderFolder))
    const close = () => socket.destroy()
    signal.addEventListener('abort', close, { once: true })
    socket.on('error', () => {})
    yield* readChunks(socket)
    signal.removeEventListener('abort', close)
    await sleep(pauseMs)
  }
}

function parseWords([from = '', to = '', after]: readonly string[]) {
  const parseMs = (text: string) => {
    if (text === '-') return undefined
    if (/^\d{1,15}$/.test(text)) return Number(text)
    throw new KcapError('usage', `cannot read from "${text}": it is no number of milliseconds`, {
      hints: ['kcap record fetch NAME'],
    })
  }
  const [, file, offset] = /^([\w.-]+):(\d{1,15})$/.exec(after ?? '') ?? []
  const position = file === undefined ? undefined : { file, offset: Number(offset) }
  return { part: { fromMs: parseMs(from), toMs: parseMs(to) }, after: position }
}
