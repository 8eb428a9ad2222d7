import { exitCodes } from '../base/error-codes.ts'
import { formatHint, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { OpenDemo } from '../demo/open-demo.ts'
import { programWords } from '../host/program-name.ts'
import { writeAnswer } from '../host/write-answer.ts'
import { findTargetOption } from '../request/names-target.ts'
import type { ParsedArguments } from '../request/parse-arguments.ts'
import { printNote } from './report.ts'

/** Options that only a capture can use. */
const captureOptions = ['output', 'duration', 'count', 'max-size'] as const

/**
 * Refuses words and options that name something to capture.
 * @throws {KcapError} usage — when the command line has one
 */
export function refuseCaptureWords(parsed: ParsedArguments): void {
  const option = parsed.flag('wireshark')
    ? 'wireshark'
    : (captureOptions.find((name) => parsed.text(name) !== undefined) ?? findTargetOption(parsed))
  const word = option === undefined ? parsed.words[0] : `--${option}`
  if (word === undefined) return
  throw new KcapError('usage', `cannot use "${word}" with --serve: it keeps the cluster running and captures nothing`, {
    hints: ['kcap demo --serve', 'then, in another terminal: kcap prod/orders-6c9f'],
  })
}

/** Keeps the demo cluster running for other programs until the signal aborts. Then returns exit code 0: a stopped server has done its work. */
export async function serveDemo(cluster: OpenDemo, isQuiet: boolean, signal: AbortSignal): Promise<number> {
  const code = await writeAnswer(`${formatHint(line('export', `KUBECONFIG=${cluster.kubeconfigPath}`))}\n`)
  if (code !== exitCodes.done) return code
  if (!isQuiet) printAdvice(cluster)
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  return exitCodes.done
}

function printAdvice({ namespace, pod }: OpenDemo): void {
  printNote('the demo cluster runs until Ctrl-C; paste the export line into another terminal and try there:')
  const words = [
    ['list', 'pods'],
    [`${namespace}/${pod}`, '--wireshark'],
    ['svc/orders'],
    ['doctor', 'prod/web-5f8c'],
    [],
  ]
  for (const argv of words) printNote(`  ${formatHint(line('kcap', ...argv), { programWords })}`)
}
