import { printableJson } from '../base/printable.ts'

/** Version of the lines of `--json`: raised when a field changes or goes. Fields may be added. See docs/scripting.md. */
const schema = 1

/** Prints one line of `--json`, with the time of this machine's clock. */
export function printEvent(event: 'progress' | 'note' | 'summary' | 'error', fields: object): void {
  const time = new Date().toISOString()
  process.stderr.write(`${printableJson({ event, schema, time, ...fields })}\n`)
}
