import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { FilterError } from './errors.ts'
import { makeBadFilterError, showExpression } from './refusals.ts'
import { requireWholeExpression } from './whole-expression.ts'

export const protocolChoices = ['all', 'tcp', 'udp', 'icmp', 'sctp'] as const
export type Protocol = (typeof protocolChoices)[number]

export interface FilterOptions {
  /** Ports as the user typed them: `443`, `80,443`, `8000-8010` or `https`. */
  readonly ports: readonly string[]
  readonly protocol: Protocol
  /** User's own expressions, as `cleanExpressions` returns them. */
  readonly expressions: readonly string[]
}

/**
 * Combines all filter options into one pcap filter expression. Each part has its own parentheses, so that an `or` stays inside. A part that shifts
 * where the following terms look comes last, so that every part matches what it matches alone. https://www.tcpdump.org/manpages/pcap-filter.7.html
 * @throws {KcapError} usage — when a port is invalid
 * @throws {KcapError} bad-filter — when the whole filter is too long for a command line
 */
export function makeCaptureFilter(options: FilterOptions): string {
  const filter = [protocolPart(options.protocol), portsPart(options.ports), ...options.expressions]
    .filter((part) => part !== '')
    .map((part) => `(${part})`)
    .join(' and ')
  requireExpression(filter)
  return filter
}

/**
 * Returns the user's expressions on one line each, in an order in which they can be AND-ed.
 * @throws {KcapError} bad-filter — when one would escape its parentheses, or two shift where the following terms look
 */
export function cleanExpressions(texts: readonly string[]): string[] {
  const expressions = new Set(texts.map((text) => text.replace(/[\r\n\t]+/g, ' ').trim()).filter((text) => text !== ''))
  for (const expression of expressions) requireExpression(expression)
  const [first, second] = [...expressions].filter(isShifting)
  if (first !== undefined && second !== undefined) {
    throw new KcapError(
      'bad-filter',
      `cannot combine the capture filters ${showExpression(first)} and ${showExpression(second)}: each moves where the other looks`,
      {
        hints: [
          'as one filter, where the second looks inside the first:',
          line('--filter', `(${first}) and (${second})`),
        ],
      },
    )
  }
  return [...expressions].sort((a, b) => Number(isShifting(a)) - Number(isShifting(b)))
}

function requireExpression(expression: string): void {
  try {
    requireWholeExpression(expression)
  } catch (error) {
    if (error instanceof FilterError) throw makeBadFilterError(error.message, expression)
    throw error
  }
}

/** Terms that shift where everything to their right looks. Parentheses do not end that; `lane` belongs to ATM. */
const shiftingWords = ['vlan', 'mpls', 'pppoes', 'geneve', 'vxlan', 'lane']
/** Words of libpcap's scanner that shift; `my-vlan` and `\\vlan` are names. */
const shiftingPattern = new RegExp(`(?<![-_.\\\\\\w])(?:${shiftingWords.join('|')})(?![-_.\\w])`)

function isShifting(expression: string): boolean {
  return shiftingPattern.test(expression)
}

function protocolPart(protocol: Protocol): string {
  if (protocol === 'all') return ''
  return protocol === 'icmp' ? 'icmp or icmp6' : protocol
}

function portsPart(ports: readonly string[]): string {
  return ports
    .flatMap((list) => list.split(','))
    .map((text) => portPart(text.trim()))
    .join(' or ')
}

function portPart(text: string): string {
  // Escaped, because names such as `link` are keywords of libpcap.
  if (isServiceName(text)) return `port \\${text}`
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  const first = Number(match?.[1])
  const last = Number(match?.[2] ?? first)
  if (match === null || first > 65_535 || last > 65_535 || first > last) {
    throw new KcapError(
      'usage',
      `cannot filter by port "${text}": a port is a number from 0 to 65535, a range such as 8000-8010, or the name of a service`,
      {
        hints: ['--port 443', '--port 80,443', '--port 8000-8010', '--port https,8080'],
      },
    )
  }
  return match[2] === undefined ? `port ${first}` : `portrange ${first}-${last}`
}

/**
 * Returns whether a text has the form of a service name, which contains a letter, unlike a range. https://www.rfc-editor.org/rfc/rfc6335#section-5.1
 */
export function isServiceName(text: string): boolean {
  return /^(?=.*[a-z])[a-z\d]+(?:[-._][a-z\d]+)*$/i.test(text) && text.length <= 64
}
