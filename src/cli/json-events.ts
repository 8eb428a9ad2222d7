import { printableJson } from '../base/printable.ts'

/** Version of the `--json` lines. It increases when a field changes or disappears; new fields may appear at any time. See docs/scripting.md. */
const schema = 1

/** Prints one line of `--json`, with this machine's time. */
export function printEvent(
  event: 'progress' | 'note' | 'share' | 'reader' | 'summary' | 'error',
  fields: object,
): void {
  const time = new Date().toISOString()
  process.stderr.write(`${printableJson({ event, schema, time, ...fields })}\n`)
}
