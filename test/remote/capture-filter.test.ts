import { expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { type FilterOptions, makeCaptureFilter } from '../../src/remote/capture-filter.ts'

const none: FilterOptions = { ports: [], protocol: 'all', expression: '' }

test.each<[Partial<FilterOptions>, string]>([
  [{}, ''],
  [{ ports: ['443'] }, '(port 443)'],
  [{ ports: ['80,443', '8000-8010'] }, '(port 80 or port 443 or portrange 8000-8010)'],
  [{ ports: ['53'], protocol: 'udp' }, '(udp) and (port 53)'],
  [{ protocol: 'icmp' }, '(icmp or icmp6)'],
  [{ ports: ['443'], expression: 'host 10.0.0.5 or host 10.0.0.6' }, '(port 443) and (host 10.0.0.5 or host 10.0.0.6)'],
  [{ expression: '-w /etc/passwd' }, '(-w /etc/passwd)'],
])('%o is the filter %s', (options, filter) => {
  expect(makeCaptureFilter({ ...none, ...options })).toBe(filter)
})

test.each(['99999', '80-', 'http', '90-80', '80 or host x', ''])('a port "%s" is refused with examples', (port) => {
  try {
    makeCaptureFilter({ ...none, ports: [port] })
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(KcapError)
    expect((error as KcapError).message).toBe(
      `cannot filter by port "${port}": a port is a number from 0 to 65535, or a range such as 8000-8010`,
    )
    expect((error as KcapError).hints).toContain('--port 8000-8010')
    expect((error as KcapError).exitCode).toBe(2)
  }
})
