import { readChunks } from '../base/read-chunks.ts'
import type { RemoteProcess } from '../base/remote-process.ts'

/** Upper limit for the output of a shell profile. */
const maxPrefixBytes = 1024 * 1024

/** Yields the output of a program, without the part before its mark. */
export function readOutput({
  stdout,
  outputMark,
}: Pick<RemoteProcess, 'stdout' | 'outputMark'>): AsyncGenerator<readonly Buffer[]> {
  const chunks = readChunks(stdout)
  return outputMark === undefined ? chunks : skipToMark(chunks, outputMark)
}

/** Skips the output up to the mark. Yields all of it when there is no mark within the length of a profile's output, so that errors can quote it. */
async function* skipToMark(chunks: AsyncGenerator<readonly Buffer[]>, mark: string): AsyncGenerator<readonly Buffer[]> {
  let prefix = Buffer.alloc(0)
  let at = -1
  while (at < 0 && prefix.length <= maxPrefixBytes) {
    const { value, done } = await chunks.next()
    if (done === true) break
    prefix = Buffer.concat([prefix, ...value])
    at = prefix.indexOf(mark, 0, 'latin1')
  }
  const rest = at < 0 ? prefix : prefix.subarray(at + mark.length)
  if (rest.length > 0) yield [rest]
  yield* chunks
}

/** Returns the part of a text after its mark; the whole text without one. */
export function textAfterMark(text: string, mark: string | undefined): string {
  const at = mark === undefined ? -1 : text.indexOf(mark)
  return at < 0 ? text : text.slice(at + (mark?.length ?? 0))
}
