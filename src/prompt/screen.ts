import { Writable } from 'node:stream'

/** Size of a terminal in characters. */
export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

/** Standard error as a terminal. */
export interface Screen {
  /** Stream that has a size and reports its changes, like a terminal's stream. */
  readonly output: Writable & ScreenSize
  close(): void
}

/** Size to assume when the terminal reports 0, as a serial line or a terminal opened by a program does. */
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
