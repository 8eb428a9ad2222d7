import { Writable } from 'node:stream'

/** Size of a terminal in characters. */
export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

/** Standard error as a terminal. */
export interface Screen {
  /** A stream that has a size and reports its changes, as a terminal's stream does. */
  readonly output: Writable & ScreenSize
  close(): void
}

/** A serial line, or a terminal that a program opens, has the size 0. */
const unknownSize: ScreenSize = { columns: 80, rows: 24 }

export function openScreen(): Screen {
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      process.stderr.write(chunk)
      done()
    },
  })
  const output = Object.defineProperties(stream, {
    columns: { get: () => process.stderr.columns || unknownSize.columns },
    rows: { get: () => process.stderr.rows || unknownSize.rows },
  }) as Writable & ScreenSize
  const resize = () => output.emit('resize')
  process.stderr.on('resize', resize)
  return { output, close: () => process.stderr.off('resize', resize) }
}
