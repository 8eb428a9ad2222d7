import { KcapError } from '../base/kcap-error.ts'
import { runProgram } from '../host/run-program.ts'

export type FilterVerdict =
  | { readonly kind: 'valid' }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'unable' }

const judgeTimeoutMs = 3_000

/**
 * Lets this machine's tcpdump compile a filter, for the link type of `-i any`, without opening an interface (`-d -y`).
 * Names of hosts are looked up by the far side, so an unknown one is no verdict here.
 */
export async function checkFilter(expression: string, signal?: AbortSignal): Promise<FilterVerdict> {
  if (expression.trim() === '') return { kind: 'valid' }
  for (const program of ['tcpdump', '/usr/sbin/tcpdump']) {
    const result = await runProgram([program, '-d', '-y', 'LINUX_SLL2', '--', expression], {
      timeoutMs: judgeTimeoutMs,
      ...(signal && { signal }),
    })
    if (result.isMissing) continue
    if (result.exitCode === 0) return { kind: 'valid' }
    const message =
      result.stderr
        .trim()
        .split('\n')
        .at(-1)
        ?.replace(/^.*tcpdump: /, '') ?? ''
    const isJudgement =
      result.exitCode === 1 &&
      message !== '' &&
      !/unknown host|unknown network|data link type|permission|No such file/i.test(message)
    return isJudgement ? { kind: 'invalid', message } : { kind: 'unable' }
  }
  return { kind: 'unable' }
}

/** Throws `bad-filter` when the filter is certainly wrong. What can't be judged here is judged by the far side. */
export async function refuseBadFilter(expression: string, signal: AbortSignal): Promise<void> {
  const verdict = await checkFilter(expression, signal)
  if (verdict.kind !== 'invalid') return
  throw new KcapError('bad-filter', `cannot use the capture filter "${expression}": ${verdict.message}`, {
    hints: ['the grammar: man 7 pcap-filter', "--filter 'tcp port 443 and host 10.0.0.5'"],
  })
}
