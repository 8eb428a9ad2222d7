import { isatty } from 'node:tty'
import type { CaptureRequest, OutputName } from '../base/capture-request.ts'
import { exitCodes } from '../base/error-codes.ts'
import { KcapError } from '../base/kcap-error.ts'
import { quoteArgv } from '../base/quote.ts'
import { openLogFile } from '../host/log-file.ts'
import { watchForStop } from '../host/stop-signals.ts'
import { chooseTarget } from '../prompt/choose-target.ts'
import { applySettings } from '../request/apply-settings.ts'
import { makeClusterScope, makeRequest } from '../request/make-request.ts'
import { type ParsedArguments, parseArguments } from '../request/parse-arguments.ts'
import { runSession } from '../session/run-session.ts'
import { loadSettings } from '../settings/load-settings.ts'
import type { Settings } from '../settings/settings.ts'
import { readClusterScope } from './cluster-scope.ts'
import { openProgress } from './progress-line.ts'
import { printError } from './report.ts'

/** `kcap TARGET …`: captures until it is stopped. */
export async function captureCommand(argv: readonly string[]): Promise<number> {
  const settings = await loadSettings()
  const parsed = applySettings(parseArguments(argv), settings)
  const stop = watchForStop({ followParent: false })
  try {
    return await runCapture(parsed, await completeRequest(argv, parsed, settings, stop.signal), stop.signal)
  } finally {
    stop.close()
  }
}

/** Runs a request with the shell's progress and summary. Gives the exit code. */
export async function runCapture(
  parsed: ParsedArguments,
  request: CaptureRequest,
  signal: AbortSignal,
): Promise<number> {
  const interactive = isTerminal()
  const writeLog = openLogFile(parsed.text('log-file'))
  // Loaded for people only: scripts and pipes are never asked.
  const ask = interactive ? (await import('../prompt/ask.ts')).makeQuestions(signal) : undefined
  const progress = openProgress({ isQuiet: parsed.flag('quiet'), isJson: parsed.flag('json') })
  try {
    const summary = await runSession(request, {
      signal,
      interactive,
      ...(ask && {
        askSecret: progress.around(ask.askSecret),
        askHostKey: progress.around(ask.askHostKey),
        askConsent: progress.around(ask.askConsent),
      }),
      watch: progress.watch,
      tell: (event) => {
        if (!parsed.flag('quiet')) progress.note(event)
        writeLog(event)
      },
      log: (line) => {
        if (parsed.flag('verbose')) progress.note(line)
        writeLog(line)
      },
    })
    progress.finish(summary)
    for (const { error } of summary.sources) {
      if (error === undefined || error === summary.error) continue
      // The summary of --json tells them all.
      if (!parsed.flag('json')) printError(error, parsed.flag('verbose'), readClusterScope(process.argv.slice(2)))
    }
    if (summary.error !== undefined) throw summary.error
    // Nothing is there that somebody could take for a capture.
    if (summary.outputBytes === 0 && signal.aborted) throw signal.reason
    return exitCodes.done
  } finally {
    progress.close()
  }
}

export async function completeRequest(
  argv: readonly string[],
  parsed: ParsedArguments,
  settings: Settings,
  signal: AbortSignal,
): Promise<CaptureRequest> {
  const context = { output: chooseOutput(parsed), commandLine: quoteArgv(['kcap', ...argv]), settings }
  try {
    return makeRequest(parsed, context)
  } catch (error) {
    if (!(error instanceof KcapError && error.code === 'no-target')) throw error
    const choice = { isTerminal: isTerminal(), defaultTarget: settings.defaultTarget }
    const target = await chooseTarget(makeClusterScope(parsed), choice, signal)
    if (target === undefined) throw error
    return makeRequest(
      { ...parsed, words: [target] },
      { ...context, commandLine: quoteArgv(['kcap', target, ...argv]) },
    )
  }
}

function chooseOutput(parsed: ParsedArguments): OutputName {
  const path = parsed.text('output')
  if (parsed.flag('wireshark')) {
    if (path !== undefined) {
      throw new KcapError('usage', 'cannot use --wireshark together with --output: the packets go to one place', {
        hints: ['--wireshark, and save the capture there', '-o FILE'],
      })
    }
    return { kind: 'wireshark' }
  }
  if (path === '-') return { kind: 'stdout' }
  return {
    kind: 'file',
    path: path ?? makeFileName(new Date(), parsed.text('format') ?? 'pcapng'),
    overwrite: parsed.flag('force'),
  }
}

/** `capture-20261122-181430.pcapng`, in local time. */
export function makeFileName(now: Date, ending: string): string {
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`
  return `capture-${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}.${ending}`
}

function isTerminal(): boolean {
  return isatty(0) && isatty(2)
}
