import { isatty } from 'node:tty'
import type { CaptureRequest } from '../base/capture-request.ts'
import { exitCodes } from '../base/error-codes.ts'
import { KcapError, toKcapError } from '../base/kcap-error.ts'
import { toLogLevel } from '../base/log.ts'
import { quoteArgv } from '../base/quote.ts'
import { cleanExpressions } from '../filter/capture-filter.ts'
import { openLogFile } from '../host/log-file.ts'
import { watchForStop } from '../host/stop-signals.ts'
import { touchFifo } from '../output/fifo-output.ts'
import { applyChoice } from '../prompt/choice.ts'
import { chooseTargets } from '../prompt/choose-targets.ts'
import { applySettings } from '../request/apply-settings.ts'
import { makeClusterScope, makeRequest } from '../request/make-request.ts'
import { parseArguments } from '../request/parse-arguments.ts'
import { runSession } from '../session/run-session.ts'
import { loadSettings } from '../settings/load-settings.ts'
import type { Settings } from '../settings/settings.ts'
import { applyInterface, type InterfaceTarget, refuseNoTarget } from './apply-interface.ts'
import { parseInterfaceValue } from './interface-name.ts'
import { rememberChoices } from './known-dialogs.ts'
import { parseWords } from './parse-words.ts'
import { noteRecentTarget } from './recent-targets.ts'
import { formatRepeatLine } from './repeat-line.ts'
import { formatFailure } from './report.ts'
import { forgetWarmList } from './warm-list.ts'
import { wiresharkWords } from './wireshark-words.ts'

/** Runs `--capture`: writes packets to the FIFO until stopped. Prints nothing on success, one short text to stderr on failure. */
export async function capture(argv: readonly string[]): Promise<number> {
  const stop = watchForStop()
  // Read these before anything can fail: Wireshark up to 4.0 hangs on a FIFO that nobody opens.
  const given = parseWords(argv)
  const fifo = given.get('fifo') || undefined
  const reference = parseInterfaceValue(given.get('extcap-interface') ?? '')
  let isOpened = false
  try {
    const settings = await loadSettings()
    const words = { more: wiresharkWords, ignoreUnknown: /^--extcap-/, dropEmpty: true }
    const parsed = applySettings(parseArguments(argv, words), settings)
    if (fifo === undefined)
      throw new KcapError('usage', 'cannot capture: --fifo is missing', {
        hints: ['kcap-extcap --capture --fifo FILE --namespace NS --pod POD'],
      })
    const target = await applyInterface(parsed, stop.signal)
    try {
      refuseNoTarget(target)
      // A link is a secret.
      if (target.reference !== undefined && target.reference.kind !== 'shared') {
        const value = parsed.text('extcap-interface') ?? ''
        rememberChoices(value, parsed)
        noteRecentTarget(value, target.parsed)
      }
      const request = await completeRequest(argv, target, fifo, settings, stop.signal)
      const log = await openLogFile(parsed.text('log-file'), toLogLevel(parsed.text('log-level')))
      const ask = isShell() ? (await import('../prompt/ask.ts')).makeQuestions(stop.signal) : {}
      isOpened = true
      const summary = await runSession(request, { signal: stop.signal, interactive: isShell(), tell: log, log, ...ask })
      if (summary.error !== undefined) throw summary.error
      return exitCodes.done
    } finally {
      await target.close()
    }
  } catch (error) {
    if (stop.signal.aborted && !(error instanceof KcapError)) return exitCodes.done
    const failure = toKcapError(error)
    if (fifo !== undefined && !isOpened) await touchFifo(fifo)
    if (reference !== undefined && failure.exitCode === exitCodes.noSuchTarget) forgetWarmList()
    process.stderr.write(formatFailure(failure, reference))
    return failure.exitCode
  } finally {
    stop.close()
  }
}

async function completeRequest(
  argv: readonly string[],
  { parsed, reference, targets }: InterfaceTarget,
  fifo: string,
  settings: Settings,
  signal: AbortSignal,
): Promise<CaptureRequest> {
  const captureFilter = parsed.text('extcap-capture-filter')
  const filters = cleanExpressions([parsed.text('filter') ?? '', captureFilter ?? ''])
  const context = {
    output: { kind: 'fifo', path: fifo, overwrite: parsed.flag('force') } as const,
    commandLine:
      reference === undefined ? quoteArgv(['kcap-extcap', ...argv]) : formatRepeatLine(reference, parsed, filters),
    captureFilter,
    settings,
    ...(targets !== undefined && { targets }),
  }
  try {
    return makeRequest(parsed, context)
  } catch (error) {
    if (!(error instanceof KcapError && error.code === 'no-target')) throw error
    const choice = { isTerminal: isShell(), defaultTarget: settings.defaultTarget }
    const chosen = await chooseTargets(makeClusterScope(parsed), choice, signal)
    if (chosen === undefined) throw error
    return makeRequest(applyChoice(parsed, chosen), context)
  }
}

/** Returns whether a person typed the command: Wireshark gives its extcaps no terminal to read from. */
function isShell(): boolean {
  return isatty(0) && isatty(2)
}
