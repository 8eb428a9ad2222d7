import { KcapError } from '../base/kcap-error.ts'
import { printable } from '../base/printable.ts'
import { runProgram } from '../host/run-program.ts'
import { checkGrammar, type GrammarVerdict } from '../remote/filter-grammar.ts'

export type FilterVerdict = GrammarVerdict

const tcpdumps = ['tcpdump', '/usr/sbin/tcpdump', '/usr/local/sbin/tcpdump', '/opt/homebrew/sbin/tcpdump']
/** That of `-i any`, and what most other interfaces have: which the user captures on is not known here. */
const linkTypes = ['LINUX_SLL2', 'EN10MB']
/** Until a program that hangs is told to end; it has half a second for that. */
const limitMs = 1_500
/** A program's argument may be 128 KiB on Linux, where the filter is to go. */
const maxBytes = 100_000
const maxMessageLength = 200

/**
 * What libpcap says of an expression wherever it is: other messages depend on the interface, the netmask, a file or a name server
 * of the machine, or on how its libpcap was built.
 */
const verdictPattern = new RegExp(
  [
    '^(syntax error|.*expression: syntax error|syntax error in filter expression|expression rejects all packets)$',
    '^(illegal|invalid) (port number|qualifier|link layer address|IPv4 address|ip6 address)|^bogus (IPv6|ethernet) address',
    '^non-network bits set|^mask length must|^Mask syntax for networks only|modifier applied to',
    "proto' is bogus$|does not encapsulate another protocol$|^direction applied to 'proto'$|^'gateway' requires a name$",
    '^ethernet address used in non-ether expression$|^link layer applied in wrong context$',
    '^number .* (overflows 32 bits|contains non-octal digit)$|^data size must be|^unsupported index operation$',
    '^(division|modulus) by zero$|^shift by more than',
  ].join('|'),
)

/**
 * The verdict on a capture filter: of this machine's tcpdump, which compiles it without opening an interface (`-d -y`), else of
 * our own reading of the grammar. Names are looked up on the far side: a filter with names is wrong for another reason, or it
 * can't be judged here.
 */
export async function checkFilter(
  expression: string,
  signal?: AbortSignal,
  programs: readonly string[] = tcpdumps,
): Promise<FilterVerdict> {
  // As it is trimmed on its way to the far side.
  const filter = expression.trim()
  if (filter === '') return { kind: 'valid' }
  if (Buffer.byteLength(filter) > maxBytes) return { kind: 'unable' }
  const { hasNames, ...byGrammar } = checkGrammar(filter)
  if (hasNames) return clean(byGrammar)
  const deadlineMs = Date.now() + limitMs
  const compile = async (program: string, text: string) =>
    await Promise.all(linkTypes.map(async (type) => await compileFilter(program, type, text, deadlineMs, signal)))
  for (const program of programs) {
    if (Date.now() >= deadlineMs) break
    const results = await compile(program, filter)
    // The far side's interface may have no netmask, which this one takes for granted.
    if (results.every(({ isCompiled }) => isCompiled))
      return { kind: /\bbroadcast\b/.test(filter) ? 'unable' : 'valid' }
    if (results.some(({ isMissing }) => isMissing)) continue
    if (Date.now() >= deadlineMs) break
    // Whoever can't compile this one has not failed for the filter.
    const references = await compile(program, 'tcp')
    if (!references.every(({ isCompiled }) => isCompiled)) continue
    return clean(judgeFailures(results, byGrammar))
  }
  return clean(byGrammar)
}

interface Compilation {
  readonly isCompiled: boolean
  readonly isMissing: boolean
  /** Why it was not, in tcpdump's words. */
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
    timeoutMs: Math.max(1, deadlineMs - Date.now()),
    ...(signal && { signal }),
  })
  const lines = [...result.stderr.matchAll(/^tcpdump: (.*)$/gm)]
  return {
    isCompiled: result.exitCode === 0 && result.stdout.startsWith('(000) '),
    isMissing: result.isMissing,
    message: result.exitCode === 1 ? (lines.at(-1)?.[1] ?? '') : '',
  }
}

/** Not every link type takes it. Invalid is what none takes, for a reason that holds for all. */
function judgeFailures(results: readonly Compilation[], byGrammar: FilterVerdict): FilterVerdict {
  if (results.some(({ isCompiled }) => isCompiled) || byGrammar.kind === 'valid') return { kind: 'unable' }
  const verdicts = results.map(({ message }) => message).filter((message) => verdictPattern.test(message))
  const [message] = verdicts
  if (message !== undefined && verdicts.length === results.length) return { kind: 'invalid', message }
  return byGrammar
}

/** A message is one line of Wireshark's dialog. */
function clean(verdict: FilterVerdict): FilterVerdict {
  if (verdict.kind !== 'invalid') return verdict
  return { kind: 'invalid', message: printable(verdict.message.slice(0, maxMessageLength)) }
}

/** Throws `bad-filter` when the filter is certainly wrong. What can't be judged here is judged by the far side. */
export async function refuseBadFilter(expression: string, signal: AbortSignal): Promise<void> {
  const verdict = await checkFilter(expression, signal)
  if (verdict.kind !== 'invalid') return
  throw new KcapError('bad-filter', `cannot use the capture filter "${expression}": ${verdict.message}`, {
    hints: ['the grammar: man 7 pcap-filter', "--filter 'tcp port 443 and host 10.0.0.5'"],
  })
}
