import { readFileSync, truncateSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { expect } from 'vitest'
import { type ErrorCode, exitCodeOf } from '../../src/base/error-codes.ts'
import { KcapError } from '../../src/base/kcap-error.ts'
import { printable, printableJson } from '../../src/base/printable.ts'
import { openProgress } from '../../src/cli/progress-line.ts'
import { formatProgress, printError, printJsonError } from '../../src/cli/report.ts'
import { openLogFile } from '../../src/host/log-file.ts'
import { makeProgress } from '../../src/session/session-progress.ts'
import { runHere } from '../support/run-cli-here.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { fuzz } from './fuzz.ts'
import { hostileText, isHarmless } from './hostile-text.ts'

const error = fc
  .record({
    code: fc.constantFrom(...(Object.keys(exitCodeOf) as ErrorCode[])),
    message: hostileText,
    hints: fc.array(hostileText, { maxLength: 3 }),
    cause: fc.option(
      hostileText.map((text) => new Error(text)),
      { nil: undefined },
    ),
  })
  .map(({ code, message, ...more }) => new KcapError(code, message, more))

/** Control sequence that the program itself sends to a terminal: return to the start of the line. */
const clearsLine = '\r\x1b[K'

function expectHarmless(text: string): void {
  expect(isHarmless(text.replaceAll(clearsLine, '')), JSON.stringify(text)).toBe(true)
}

fuzz(
  'texts made printable: nothing left that a terminal would obey, and what is harmless stays',
  hostileText,
  (text) => {
    expectHarmless(printable(text))
    expect(printable(text)).not.toContain('\n')
    if (isHarmless(text) && !text.includes('\n')) expect(printable(text)).toBe(text)
    expectHarmless(printableJson({ text, [text]: [text] }, 2))
    // Half a surrogate is the one thing that JSON itself has changed.
    if (!/\p{Cs}/u.test(text)) expect(JSON.parse(printableJson({ text }))).toEqual({ text })
  },
)

fuzz('errors on a terminal, with stack traces, and as JSON', error, async (error) => {
  const { stderr } = await runHere(async () => {
    printError(error, true)
    printJsonError(error)
    return 0
  })
  expectHarmless(stderr)
})

const source = fc.record({ name: hostileText, isBegun: fc.boolean(), error: fc.option(error, { nil: undefined }) })
const scene = fc.record({
  sources: fc.array(source, { maxLength: 5 }),
  note: hostileText,
  output: hostileText,
  isJson: fc.boolean(),
})
fuzz('the progress line, notes and the summary', scene, async ({ sources, note, output, isJson }) => {
  const wasTerminal = process.stderr.isTTY
  process.stderr.isTTY = true
  try {
    const { stderr } = await runHere(async () => {
      const line = openProgress({ isQuiet: false, isJson })
      const progress = makeProgress(output)
      for (const { name, isBegun, error } of sources) {
        const figures = progress.addSource(name, false)
        if (isBegun) figures.begin()
        if (error !== undefined) figures.fail(error)
      }
      line.watch(progress)
      await line.around(async () => {})(undefined)
      process.stderr.write(`${formatProgress(progress, 1)}\n`)
      line.note(note)
      line.finish(progress.summarize('stopped', { name: output, files: [output], packets: 1, bytes: 1, readers: [] }))
      line.close()
      return 0
    })
    expectHarmless(stderr)
  } finally {
    process.stderr.isTTY = wasTerminal
  }
})

const logFile = path.join(await makeTempFolder(), 'kcap.log')
// Opened once, as in a capture: it stays open to the end of the process.
const writeLog = await openLogFile(logFile)
fuzz('log files: a line for each text', fc.array(hostileText, { minLength: 1, maxLength: 3 }), (texts) => {
  truncateSync(logFile)
  for (const text of texts) writeLog(text)
  const log = readFileSync(logFile, 'utf8')
  expectHarmless(log)
  expect(log.split('\n').length).toBe(texts.length + 1)
})
