import type { ByteOutput } from '../../src/output/byte-output.ts'

export interface MemoryOutput extends ByteOutput {
  /** What each write wrote. */
  readonly writes: readonly Buffer[]
  /** All bytes written so far. */
  bytes(): Buffer
}

/** Returns an output that keeps what is written; `write` does something else with it. */
export function makeMemoryOutput(write: ByteOutput['write'] = async () => true): MemoryOutput {
  const writes: Buffer[] = []
  return {
    name: 'memory',
    readerGone: new Promise(() => {}),
    isLive: false,
    writes,
    bytes: () => Buffer.concat(writes),
    async write(bytes, findWhole) {
      // The writer reuses its buffer.
      writes.push(Buffer.from(bytes))
      return await write(bytes, findWhole)
    },
    close: async () => {},
  }
}
