import { KcapError } from '../base/kcap-error.ts'

export const protocols = ['all', 'tcp', 'udp', 'icmp', 'sctp'] as const
export type Protocol = (typeof protocols)[number]

export interface FilterOptions {
  /** `443`, `80,443` or `8000-8010`, as the user typed them. */
  readonly ports: readonly string[]
  readonly protocol: Protocol
  /** Any pcap filter expression. */
  readonly expression: string
}

/**
 * All filter options as one pcap filter expression, each part in its own parentheses so that an `or` inside one part can't
 * reach over into another. https://www.tcpdump.org/manpages/pcap-filter.7.html
 * Throws `usage` for a port that is none.
 */
export function makeCaptureFilter(options: FilterOptions): string {
  const parts = [protocolPart(options.protocol), portsPart(options.ports), options.expression.trim()]
  return joinFilters(parts)
}

/** AND of the parts that are not empty. */
export function joinFilters(parts: readonly string[]): string {
  return parts
    .filter((part) => part.trim() !== '')
    .map((part) => `(${part})`)
    .join(' and ')
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
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  const first = Number(match?.[1])
  const last = Number(match?.[2] ?? first)
  if (match === null || first > 65_535 || last > 65_535 || first > last) {
    throw new KcapError(
      'usage',
      `cannot filter by port "${text}": a port is a number from 0 to 65535, or a range such as 8000-8010`,
      {
        hints: ['--port 443', '--port 80,443', '--port 8000-8010'],
      },
    )
  }
  return match[2] === undefined ? `port ${first}` : `portrange ${first}-${last}`
}
