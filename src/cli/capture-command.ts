import { isatty } from 'node:tty'
import type { CaptureRequest, OutputName } from '../base/capture-request.ts'
import { exitCodes } from '../base/error-codes.ts'
import { inContext, KcapError } from '../base/kcap-error.ts'
import { isLogged, toLogLevel } from '../base/log.ts'
import { quoteArgv } from '../base/quote.ts'
import { openLogFile } from '../host/log-file.ts'
import { programWords } from '../host/program-name.ts'
import { watchForStop } from '../host/stop-signals.ts'
import { nameOutput } from '../output/name-output.ts'
import { addChoice, applyChoice } from '../prompt/choice.ts'
import { chooseTargets } from '../prompt/choose-targets.ts'
import { applySettings } from '../request/apply-settings.ts'
import { readClusterScope } from '../request/cluster-scope.ts'
import { makeClusterScope, makeRequest } from '../request/make-request.ts'
import { type ParsedArguments, parseArguments } from '../request/parse-arguments.ts'
import { runSession } from '../session/run-session.ts'
import { loadSettings } from '../settings/load-settings.ts'
import type { Settings } from '../settings/settings.ts'
import { openProgress } from './progress-line.ts'
import { printError } from './report.ts'

/** Runs `kcap TARGET …`: captures until stopped. */
export async function captureCommand(argv: readonly string[]): Promise<number> {
  const settings = await loadSettings()
  const parsed = applySettings(parseArguments(argv), settings)
  const stop = watchForStop({ followParent: false })
  try {
    const { request, chosenContext } = await completeRequest(argv, parsed, settings, stop.signal)
    return await runCapture(parsed, request, stop.signal, chosenContext).catch((error: unknown) => {
      throw inContext(error, chosenContext)
    })
  } finally {
    stop.close()
  }
}

/**
 * Runs a request with the shell's progress and summary, and returns the exit code. `chosenContext` is a context that the command line does not name.
 */
export async function runCapture(
  parsed: ParsedArguments,
  request: CaptureRequest,
  signal: AbortSignal,
  chosenContext?: string,
): Promise<number> {
  const interactive = isTerminal()
  const level = toLogLevel(parsed.text('log-level'))
  const writeLog = await openLogFile(parsed.text('log-file'), level)
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
      onShare: progress.showLink,
      onReader: progress.showReader,
      tell: (event) => {
        if (!parsed.flag('quiet')) progress.note(event)
        writeLog(event, { level: 'warn' })
      },
      log: (message, fields = {}) => {
        if (parsed.flag('verbose') && isLogged(fields, level)) progress.note(message)
        writeLog(message, fields)
      },
    })
    progress.finish(summary)
    const scope = readClusterScope(process.argv.slice(2))
    for (const { error } of summary.sources) {
      if (error === undefined || error === summary.error) continue
      // The summary of --json contains them all.
      if (!parsed.flag('json'))
        printError(error, parsed.flag('verbose'), { ...scope, context: chosenContext ?? scope.context })
    }
    if (summary.error !== undefined) throw summary.error
    // There is no file that somebody could mistake for a capture.
    if (summary.outputBytes === 0 && signal.aborted) throw signal.reason
    return exitCodes.done
  } finally {
    progress.close()
  }
}

export interface CompleteRequest {
  readonly request: CaptureRequest
  /** Context that a person chose; undefined means the command line's. */
  readonly chosenContext?: string | undefined
}

/**
 * Returns the request of a command line, and asks a person for targets if it names none.
 * @throws {KcapError} no-target — when no target is named and nobody chooses one
 */
export async function completeRequest(
  argv: readonly string[],
  parsed: ParsedArguments,
  settings: Settings,
  signal: AbortSignal,
): Promise<CompleteRequest> {
  const context = { output: chooseOutput(parsed), commandLine: quoteArgv([...programWords, ...argv]), settings }
  try {
    return { request: makeRequest(parsed, context) }
  } catch (error) {
    if (!(error instanceof KcapError && error.code === 'no-target')) throw error
    const typed = makeClusterScope(parsed)
    const { defaultTarget } = settings
    const choice = await chooseTargets(typed, { isTerminal: isTerminal(), defaultTarget }, signal)
    if (choice === undefined) throw error
    const commandLine = quoteArgv([...programWords, ...addChoice(argv, choice, typed)])
    const request = makeRequest(applyChoice(parsed, choice), { ...context, commandLine })
    return { request, chosenContext: choice.options.context }
  }
}

/**
 * Returns the output that a command line names.
 * @throws {KcapError} usage — when both --wireshark and --output are given
 */
export function chooseOutput(parsed: ParsedArguments): OutputName {
  const path = parsed.text('output')
  if (parsed.flag('wireshark')) {
    if (path !== undefined) {
      throw new KcapError('usage', 'cannot use --wireshark together with --output: the packets go to one place', {
        hints: ['--wireshark, and save the capture there', '-o FILE'],
      })
    }
    return { kind: 'wireshark' }
  }
  if (path === undefined && parsed.text('to') !== undefined) return { kind: 'store' }
  // The readers have it.
  if (path === undefined && parsed.text('serve') !== undefined) return { kind: 'readers' }
  return nameOutput(path ?? makeFileName(new Date(), parsed.text('format') ?? 'pcapng'), parsed.flag('force'))
}

/** Returns a file name in local time: `capture-20261122-181430.pcapng`. */
export function makeFileName(now: Date, ending: string): string {
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`
  return `capture-${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}.${ending}`
}

function isTerminal(): boolean {
  return isatty(0) && isatty(2)
}
