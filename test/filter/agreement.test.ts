import { describe, expect, test } from 'vitest'
import { compileFilter, podEnvironment } from '../../src/demo/filter/compile-filter.ts'
import { environmentOf, judgeFilter } from '../../src/filter/judge.ts'
import { filterRows } from './filter-table.ts'

const linkLayers = [
  ['ethernet', 'onEthernet'],
  ['cooked', 'onCooked'],
] as const

/** Filters that libpcap accepts although no packet passes: only its optimizer knows. */
const passedByNone = ['proto 300', 'ether proto 1000']

/** Returns the demo's refusal; undefined for a filter that it runs. */
function refusalOfDemo(filter: string, linkLayer: 'ethernet' | 'cooked'): string | undefined {
  try {
    compileFilter(filter, linkLayer)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

test('the table has each filter once', () => {
  expect(filterRows.length).toBeGreaterThan(150)
  expect(new Set(filterRows.map(({ filter }) => filter)).size).toBe(filterRows.length)
})

describe.each(linkLayers)('on %s', (linkLayer, column) => {
  test.each(filterRows)('the demo answers as libpcap does: $filter', ({ filter, [column]: message }) => {
    expect(refusalOfDemo(filter, linkLayer)).toBe(message)
  })

  test.each(filterRows)('the judge answers as the demo does: $filter', ({ filter, [column]: message }) => {
    const { kind, ...rest } = judgeFilter(filter, podEnvironment(linkLayer))
    if (message !== undefined) expect({ kind, ...rest }).toMatchObject({ kind: 'invalid', message })
    else expect(['valid', ...(passedByNone.includes(filter) ? ['unable'] : [])]).toContain(kind)
  })
})

test.each(filterRows)('without an interface the judge contradicts neither link type: $filter', (row) => {
  const { kind, hasNames } = judgeFilter(row.filter, environmentOf(undefined))
  if (hasNames) expect(kind).not.toBe('valid')
  if (kind === 'valid') expect([row.onEthernet, row.onCooked]).toEqual([undefined, undefined])
  if (kind === 'invalid') expect([row.onEthernet, row.onCooked]).not.toContain(undefined)
})

test.each(filterRows)('on the interface any the judge contradicts it no more: $filter', ({ filter, onCooked }) => {
  const { kind } = judgeFilter(filter, environmentOf('any'))
  if (kind !== 'unable') expect(kind).toBe(onCooked === undefined ? 'valid' : 'invalid')
})
