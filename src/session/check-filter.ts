import type { CaptureOptions } from '../base/capture-request.ts'
import { monotonicClock } from '../base/clock.ts'
import { printable } from '../base/printable.ts'
import { environmentOf, type FilterVerdict, judgeFilter } from '../filter/judge.ts'
import { findReach, makeBadFilterError } from '../filter/refusals.ts'
import { runProgram } from '../host/run-program.ts'

const tcpdumps = ['tcpdump', '/usr/sbin/tcpdump', '/usr/local/sbin/tcpdump', '/opt/homebrew/sbin/tcpdump']
/** Link types of the interface `any` and of most others: the user's interface may be unknown. */
const linkTypes = ['LINUX_SLL2', 'EN10MB']
const anyLinkTypes = ['LINUX_SLL2']
/** Time limit of a check. A program that hangs is then terminated, and has half a second to end. */
const limitMs = 1_500
const maxMessageLength = 200

export interface FilterCheckOptions {
  /** Interface that the filter is for; undefined when unknown. */
  readonly interfaceName?: string | undefined
  readonly signal?: AbortSignal
  /** Names and paths that are tried for tcpdump. */
  readonly programs?: readonly string[]
}

/**
 * Returns the verdict on a capture filter. This machine's tcpdump compiles the filter without opening an interface (`-d -y`); without tcpdump, kcap's
 * own grammar judges it. The remote host resolves names, so a filter with names is invalid for another reason or left open. A filter that needs an
 * Ethernet header is invalid for the interface `any`, and left open for all others.
 */
export async function checkFilter(
  expression: string,
  { interfaceName, signal, programs = tcpdumps }: FilterCheckOptions = {},
): Promise<FilterVerdict> {
  // Trimmed like the expression that goes to the remote host.
  const filter = expression.trim()
  if (filter === '') return { kind: 'valid' }
  const { hasNames, ...byGrammar } = judgeFilter(filter, environmentOf(interfaceName))
  if (hasNames) return clean(byGrammar)
  const isAny = interfaceName === 'any'
  const types = isAny ? anyLinkTypes : linkTypes
  const deadlineMs = monotonicClock.nowMs() + limitMs
  const compile = async (program: string, text: string) =>
    await Promise.all(types.map(async (type) => await compileFilter(program, type, text, deadlineMs, signal)))
  for (const program of programs) {
    if (monotonicClock.nowMs() >= deadlineMs) break
    const results = await compile(program, filter)
    // This compilation assumes a netmask; the interface on the remote host may have none.
    if (results.every(({ isCompiled }) => isCompiled))
      return { kind: /\bbroadcast\b/.test(filter) ? 'unable' : 'valid' }
    if (results.some(({ isMissing }) => isMissing)) continue
    if (monotonicClock.nowMs() >= deadlineMs) break
    // A program that can't compile this one did not fail because of the filter.
    const references = await compile(program, 'tcp')
    if (!references.every(({ isCompiled }) => isCompiled)) continue
    return clean(judgeFailures(results, byGrammar, isAny))
  }
  return clean(byGrammar)
}

interface Compilation {
  readonly isCompiled: boolean
  readonly isMissing: boolean
  /** Reason for a failure in tcpdump's words; may be empty. */
  readonly message: string
}

async function compileFilter(
  program: string,
  linkType: string,
  filter: string,
  deadlineMs: number,
  signal: AbortSignal | undefined,
): Promise<Compilation> {
  const result = await runProgram([program, '-d', '-y', linkType, '--', filter], {
    environment: { LC_ALL: 'C' },
    timeoutMs: Math.max(1, Math.ceil(deadlineMs - monotonicClock.nowMs())),
    ...(signal && { signal }),
  })
  const lines = [...result.stderr.matchAll(/^tcpdump: (.*)$/gm)]
  return {
    isCompiled: result.exitCode === 0 && result.stdout.startsWith('(000) '),
    isMissing: result.isMissing,
    message: result.exitCode === 1 ? (lines.at(-1)?.[1] ?? '') : '',
  }
}

/**
 * Judges a filter that failed to compile. It is invalid when every link type it may be for refuses it, for a reason that holds on the remote host
 * too.
 */
function judgeFailures(results: readonly Compilation[], byGrammar: FilterVerdict, isAny: boolean): FilterVerdict {
  if (results.some(({ isCompiled }) => isCompiled) || byGrammar.kind === 'valid') return { kind: 'unable' }
  const verdicts = results
    .map(({ message }) => message)
    .filter((message) => {
      const reach = findReach(message)
      return reach === 'everywhere' || (isAny && reach === 'link-type')
    })
  const [message] = verdicts
  if (message !== undefined && verdicts.length === results.length) return { kind: 'invalid', message }
  return byGrammar
}

/** Shortens a message to one line of Wireshark's dialog. */
function clean(verdict: FilterVerdict): FilterVerdict {
  if (verdict.kind !== 'invalid') return verdict
  return { kind: 'invalid', message: printable(verdict.message.slice(0, maxMessageLength)) }
}

/**
 * Checks the filters of a capture before anything is started for it. The remote host judges the filters that are left open here.
 * @throws {KcapError} bad-filter — when a filter is certainly wrong
 */
export async function refuseBadFilters(
  { interfaceName, filterExpressions }: Pick<CaptureOptions, 'interfaceName' | 'filterExpressions'>,
  signal: AbortSignal,
): Promise<void> {
  for (const expression of filterExpressions) {
    const verdict = await checkFilter(expression, { interfaceName, signal })
    if (verdict.kind === 'invalid') throw makeBadFilterError(verdict.message, expression)
  }
}
