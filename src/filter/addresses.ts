import { isIPv4 } from 'node:net'
import { FilterError } from './errors.ts'

/**
 * Parses an IPv4 address, completed by zeros: `10.1` is 10.1.0.0.
 * @throws {FilterError} when a part is over 255
 */
export function parseIpv4(text: string): number[] {
  const parts = text.split('.').map(Number)
  if (parts.some((part) => part > 255)) throw new FilterError(`invalid IPv4 address '${text}'`)
  return [...parts, 0, 0, 0].slice(0, 4)
}

/** Parses an IPv6 address that the tokenizer has accepted. */
export function parseIpv6(text: string): number[] {
  const tail = text.slice(text.lastIndexOf(':') + 1)
  const embedded = isIPv4(tail) ? tail.split('.').map(Number) : []
  const groups = embedded.length > 0 ? text.slice(0, text.lastIndexOf(':') + 1).replace(/([^:]):$/, '$1') : text
  const [head = '', rest] = groups.split('::')
  const read = (part: string) =>
    part
      .split(':')
      .filter((group) => group !== '')
      .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff])
  const [before, behind] = [read(head), [...read(rest ?? ''), ...embedded]]
  return [...before, ...Array<number>(16 - before.length - behind.length).fill(0), ...behind]
}

/** Parses an Ethernet address that the tokenizer has accepted: `0:1:2:3:4:5`, `0011.2233.4455`. */
export function parseMac(text: string): number[] {
  const groups = text.split(/[-:.]/)
  const digits = groups.length === 6 ? groups.map((group) => group.padStart(2, '0')) : groups
  return [...Buffer.from(digits.join(''), 'hex')]
}

/**
 * Returns the bytes of a network mask.
 * @throws {FilterError} when it is longer than the address
 */
export function makeMask(length: number, size: 4 | 16): number[] {
  if (length > size * 8) throw new FilterError(`mask length must be <= ${size * 8}`)
  return Array.from({ length: size }, (_, index) => (0xff00 >> Math.min(8, Math.max(0, length - index * 8))) & 0xff)
}

/** @throws {FilterError} when the address has bits outside of the mask */
export function requireNetworkBits(address: readonly number[], mask: readonly number[], name: string): void {
  if (address.some((byte, index) => (byte & ~(mask[index] ?? 0)) !== 0))
    throw new FilterError(`non-network bits set in "${name}"`)
}
