import { describe, expect, test } from 'vitest'
import { formatDialog } from '../../src/extcap/dialog.ts'
import type { InterfaceReference } from '../../src/extcap/interface-name.ts'
import { makeCaptureFilter } from '../../src/filter/capture-filter.ts'
import { findOption, optionTable } from '../../src/request/option-table.ts'
import { parseDuration, parseSize } from '../../src/request/parse-quantity.ts'
import { tokenizeAnswer } from './tokenize-sentence.ts'

const references: readonly InterfaceReference[] = [
  { kind: 'pod', contextPart: 'c', namespace: 'shop', pod: 'orders', value: 'kcap-c.shop.orders' },
  {
    kind: 'workload',
    contextPart: 'c',
    namespace: 'shop',
    workload: 'deploy',
    name: 'orders',
    value: 'kcap-c.shop.deploy_orders',
  },
  { kind: 'cluster', contextPart: 'c' },
  { kind: 'ssh' },
  { kind: 'demo' },
]

const argumentsOf = (reference: InterfaceReference) =>
  tokenizeAnswer(formatDialog(reference))
    .filter(({ word }) => word === 'arg')
    .map(({ parameters }) => parameters)

describe.each(references.map((reference) => [reference.kind, reference] as const))(
  'the dialog of a %s',
  (kind, reference) => {
    test('has its own sentence as the tooltip of every field', () => {
      const tooltips = argumentsOf(reference).map((parameters) => parameters.get('tooltip') ?? '')
      for (const tooltip of tooltips) expect(tooltip).toMatch(/^\S.*\.$/)
      expect(new Set(tooltips).size).toBe(tooltips.length)
    })

    test('opens on the tab of its target', () => {
      // Wireshark orders them by their numbers.
      const [first] = argumentsOf(reference).sort((a, b) => Number(a.get('number')) - Number(b.get('number')))
      expect(first?.get('group')).toBe(kind === 'ssh' ? 'SSH' : 'Target')
      expect(new Set(argumentsOf(reference).map((one) => one.get('number'))).size).toBe(argumentsOf(reference).length)
    })
  },
)

test('each route in the dialog says what it needs or creates, and the one for shells on nodes is absent', () => {
  const { choices: all = [], dialog } = findOption('via') ?? {}
  const choices = all.filter((choice) => choice !== 'local')
  expect(Object.keys(dialog?.choices ?? {})).toEqual(choices)
  for (const choice of choices) expect(dialog?.choices?.[choice]).toMatch(/: ./)
})

/** Reports whether kcap accepts the value, whatever Wireshark does. */
function isTaken(parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch {
    return false
  }
}

const values = {
  duration: [
    '60',
    '90s',
    '1m30s',
    '2h',
    '1.5h',
    '2d',
    '500ms',
    '90 s',
    '1 m 30 s',
    '1H',
    'soon',
    '-1',
    '10x',
    's',
    '1:30',
  ],
  'max-size': ['1000', '10k', '100MB', '2GB', '64KiB', '10Mi', '1.5 GB', '5b', 'big', '-5', '10 apples', 'MB'],
  port: ['80', '80,443', '8000-8010', 'https', '80, https', 'ms-sql-s', '80;443', '80 443', ',80', '$(id)', '80,'],
} as const
const parsers = {
  duration: (text: string) => parseDuration('duration', text),
  'max-size': (text: string) => parseSize('max-size', text),
  port: (text: string) => makeCaptureFilter({ ports: [text], protocol: 'all', expressions: [] }),
}

test.each(Object.keys(values) as (keyof typeof values)[])(
  "Wireshark's field for --%s accepts exactly the values that kcap accepts",
  (name) => {
    const validation = new RegExp(findOption(name)?.dialog?.validation ?? '^$')
    const verdicts = values[name].map((text) => [text, validation.test(text)])
    expect(verdicts).toEqual(values[name].map((text) => [text, isTaken(() => parsers[name](text))]))
  },
)

test('no validation expression has braces, which end a value of the extcap grammar', () => {
  for (const { dialog } of optionTable) expect(dialog?.validation ?? '').not.toMatch(/[{}]/)
})
