import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { version } from '../../src/base/version.ts'
import { formatConfig } from '../../src/extcap/config.ts'
import { formatList, formatListFailure } from '../../src/extcap/dialog.ts'
import { formatDlts } from '../../src/extcap/dlts.ts'
import type { ExtcapInterface } from '../../src/extcap/interface-name.ts'
import { formatInterfaceList } from '../../src/extcap/interfaces.ts'
import { formatSentence } from '../../src/extcap/sentence.ts'
import { anyCharacter } from '../support/any-character.ts'
import { settingsKey, tokenizeAnswer, tokenizeSentence } from './tokenize-sentence.ts'

const hostileText = fc.oneof(
  fc.string({ unit: anyCharacter, minLength: 1, maxLength: 400 }),
  fc.string({
    unit: fc.constantFrom('{', '}', '=', ' ', '\n', '\r', '\t', '\u001b', '\u202e', '😀', 'ä', '-', '.'),
    minLength: 1,
  }),
  fc.constantFrom('a', 'A', 'a-b', 'a_b', 'a.b', '--help', '}{display=x}', 'interface {value=x}', 'x'.repeat(300)),
)
/** RFC 1123, as Kubernetes holds names to it. */
const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
const podName = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) =>
  labels
    .join('.')
    .slice(0, 253)
    .replace(/[.-]+$/, ''),
)
const pod = (context: string) =>
  fc.record({ kind: fc.constant('pod' as const), context: fc.constant(context), namespace: label, pod: podName })

function parseList(items: readonly ExtcapInterface[], currentContext: string) {
  const [first, ...interfaces] = tokenizeAnswer(formatInterfaceList(items, currentContext))
  expect(first?.word).toBe('extcap')
  expect(first?.parameters.get('version')).toBe(version)
  expect(interfaces.length).toBe(items.length)
  return interfaces.map(({ word, parameters }) => {
    expect(word).toBe('interface')
    return { value: parameters.get('value') ?? '', display: parameters.get('display') ?? '' }
  })
}

describe('the list of interfaces', () => {
  test('reads in Wireshark as kcap means it, whatever the names of contexts and pods', () => {
    const lists = hostileText.chain((context) =>
      fc.tuple(
        fc.constant(context),
        fc.uniqueArray(pod(context), { maxLength: 20, selector: (item) => `${item.namespace}/${item.pod}` }),
        fc.boolean(),
      ),
    )
    fc.assert(
      fc.property(lists, ([context, pods, isCurrent]) => {
        const items = [...pods, { kind: 'cluster', context }, { kind: 'ssh' }, { kind: 'demo' }] as const
        const listed = parseList(items, isCurrent ? context : 'another')
        for (const { value, display } of listed) {
          expect(value).toMatch(/^kcap[a-z0-9._-]+$/)
          expect(value.length).toBeLessThanOrEqual(100)
          expect(Buffer.byteLength(display)).toBeLessThanOrEqual(200)
          expect(display.startsWith('kcap: ')).toBe(true)
        }
        expect(new Set(listed.map(({ value }) => settingsKey(value))).size).toBe(items.length)
      }),
      { numRuns: 300 },
    )
  })

  test('gives pods whose names Wireshark conflates separate settings', () => {
    const names = ['a-b', 'a.b', 'a-b.c', 'a.b-c', 'a.b.c']
    const listed = parseList(
      names.map((name) => ({ kind: 'pod', context: 'x', namespace: 'n', pod: name })),
      'x',
    )
    expect(new Set(listed.map(({ value }) => settingsKey(value))).size).toBe(names.length)
    expect(listed[4]?.value).toMatch(/^kcap-x\.n\.a\.b\.c--/)
  })

  test('shows the context only where it is not the current one', () => {
    const item = { kind: 'pod', context: 'prod', namespace: 'shop', pod: 'orders-6c9f' } as const
    expect(parseList([item], 'prod')[0]).toEqual({
      value: 'kcap-prod.shop.orders-6c9f',
      display: 'kcap: shop/orders-6c9f',
    })
    expect(parseList([item], 'other')[0]?.display).toBe('kcap: prod: shop/orders-6c9f')
  })
})

test('any value of any sentence survives the tokenizer of Wireshark', () => {
  fc.assert(
    fc.property(hostileText, hostileText, (first, second) => {
      const line = formatSentence('interface', { value: first, display: second })
      const [sentence, ...more] = tokenizeAnswer(line)
      expect(more).toEqual([])
      expect([...(sentence?.parameters.keys() ?? [])]).toEqual(['value', 'display'])
    }),
    { numRuns: 500 },
  )
})

test("this test's tokenizer drops and misreads what Wireshark's does (extcap.md §2.1)", () => {
  expect(tokenizeSentence('interface{value=a}')).toBe(undefined)
  expect(tokenizeSentence(' interface {value=a}')).toBe(undefined)
  expect(tokenizeSentence('flag {value=a}')).toBe(undefined)
  expect(tokenizeSentence('arg {tooltip=has } x}{call=--a}')?.parameters.get('tooltip')).toBe('has ')
  expect(tokenizeSentence('arg {tooltip=has}x}{call=--a}')?.parameters.get('tooltip')).toBe('has}x')
})

test('--extcap-dlts prints exactly one link type', () => {
  const sentences = tokenizeAnswer(formatDlts())
  expect(sentences.map(({ word }) => word)).toEqual(['dlt'])
  expect([...(sentences[0]?.parameters.keys() ?? [])]).toEqual(['number', 'name', 'display'])
})

const dialogs = [
  'kcapdemo',
  'kcapshared',
  'kcapssh',
  'kcapssh-bastion',
  'kcap-lab',
  'kcap-lab.shop.orders-6c9f',
  'kcap-lab.shop.record_orders-7f3a',
]
const types =
  'integer unsigned long double boolean boolflag string password selector editselector radio multicheck fileselect timestamp'

describe.each(dialogs)('the dialog of %s', (value) => {
  const sentences = tokenizeAnswer(formatConfig(['--extcap-config', '--extcap-interface', value]))
  const args = sentences.filter(({ word }) => word === 'arg').map(({ parameters }) => parameters)
  const values = sentences.filter(({ word }) => word === 'value').map(({ parameters }) => parameters)

  test('has only complete arguments and values', () => {
    expect(args.length + values.length).toBe(sentences.length)
    for (const argument of args)
      for (const key of ['number', 'call', 'display', 'type']) expect(argument.get(key), key).toBeTruthy()
    for (const parameters of values) for (const key of ['arg', 'display']) expect(parameters.get(key), key).toBeTruthy()
    // A list may have an entry that stands for nothing chosen.
    for (const parameters of values) expect(parameters.has('value')).toBe(true)
  })

  test('has names that do not abort Wireshark, also unique as keys of its preferences', () => {
    const calls = args.map((argument) => argument.get('call') ?? '')
    for (const call of calls) expect(call).toMatch(/^--[a-z0-9-]+$/)
    expect(new Set(calls.map((call) => call.replaceAll('-', ''))).size).toBe(calls.length)
    expect(new Set(args.map((argument) => argument.get('number'))).size).toBe(args.length)
  })

  test('has types that Wireshark 3.4 knows, and no required field', () => {
    for (const argument of args) {
      expect(types.split(' ')).toContain(argument.get('type'))
      expect(argument.has('required')).toBe(false)
    }
  })

  test('has every argument in a group, and one that is saved', () => {
    for (const argument of args) expect(argument.get('group')).toBeTruthy()
    expect(args.filter((argument) => argument.get('save') !== 'false').length).toBeGreaterThan(0)
  })

  test('has values for its selectors only, each with one default', () => {
    const selectors = args
      .filter((argument) => /^(edit)?selector$/.test(argument.get('type') ?? ''))
      .map((argument) => argument.get('number'))
    expect(new Set(values.map((parameters) => parameters.get('arg')))).toEqual(new Set(selectors))
    for (const number of selectors) {
      const own = values.filter((parameters) => parameters.get('arg') === number)
      expect(own.filter((parameters) => parameters.get('default') === 'true').length).toBe(1)
    }
  })
})

test('a foreign interface has no dialog, and both forms of its name parse', () => {
  expect(formatConfig(['--extcap-config', '--extcap-interface', 'eth0'])).toBe('')
  expect(formatConfig(['--extcap-config', '--extcap-interface=kcapssh'])).toBe(
    formatConfig(['--extcap-config', '--extcap-interface', 'kcapssh']),
  )
})

test('an SSH host with an interface of its own needs no field for its name', () => {
  const calls = (value: string) =>
    tokenizeAnswer(formatConfig(['--extcap-config', '--extcap-interface', value])).map(({ parameters }) =>
      parameters.get('call'),
    )
  expect(calls('kcapssh')).toContain('--ssh-host')
  expect(calls('kcapssh-bastion')).not.toContain('--ssh-host')
})

describe('a list of the dialog', () => {
  const parse = (text: string) => tokenizeAnswer(text).map(({ parameters }) => Object.fromEntries(parameters))

  /** The number of the argument that the dialog of a cluster has for an option. */
  const argOf = (call: string) =>
    parse(formatConfig(['--extcap-config', '--extcap-interface', 'kcap-lab'])).find((one) => one.call === call)
      ?.number ?? ''

  test('begins with no choice, and keeps the choice only where the cluster still has it', () => {
    const arg = argOf('--namespace')
    expect(parse(formatList('namespace', ['prod', 'shop'], 'shop'))).toEqual([
      { arg, value: '', display: "the context's namespace", default: 'false' },
      { arg, value: 'shop', display: 'shop', default: 'true' },
      { arg, value: 'prod', display: 'prod', default: 'false' },
    ])
    expect(parse(formatList('namespace', ['prod'], 'gone'))).toEqual([
      { arg, value: '', display: "the context's namespace", default: 'true' },
      { arg, value: 'prod', display: 'prod', default: 'false' },
    ])
    expect(parse(formatList('iface', ['eth0'], 'veth7')).map(({ value }) => value)).toEqual(['', 'veth7', 'eth0'])
  })

  test('explains a failed load, and keeps its values', () => {
    expect(parse(formatListFailure('target', 'cannot reach it')).map(({ display }) => display)).toEqual([
      'cannot reach it',
    ])
    const arg = argOf('--target')
    expect(parse(formatListFailure('target', 'cannot reach it', 'pod/a'))).toEqual([
      { arg, value: 'pod/a', display: 'pod/a', default: 'true' },
      { arg, value: '', display: 'cannot reach it', default: 'false' },
    ])
  })

  test('survives any text that a cluster may contain', () => {
    fc.assert(
      fc.property(fc.array(hostileText, { maxLength: 20 }), hostileText, (entries, reason) => {
        for (const text of [formatList('iface', entries), formatListFailure('iface', reason)])
          for (const { word, parameters } of tokenizeAnswer(text))
            expect([word, [...parameters.keys()]]).toEqual(['value', ['arg', 'value', 'display', 'default']])
      }),
    )
  })
})
