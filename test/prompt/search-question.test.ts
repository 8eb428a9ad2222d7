import { expect, test } from 'vitest'
import type { Entry } from '../../src/prompt/entry.ts'
import { makeSearchQuestion } from '../../src/prompt/search-question.ts'

const entries: readonly Entry[] = [
  { kind: 'pod', namespace: 'shop', name: 'api-7' },
  { kind: 'pod', namespace: 'shop', name: 'web-1' },
  { kind: 'pod', namespace: 'pay', name: 'api-9' },
  { kind: 'pod', namespace: 'shop', name: 'old-1', state: 'Completed' },
  { kind: 'svc', namespace: 'shop', name: 'api' },
  { kind: 'svc', namespace: 'pay', name: 'ledger' },
  { kind: 'deploy', namespace: 'shop', name: 'api' },
  { kind: 'container', namespace: 'shop', name: 'api-7', container: 'proxy' },
  { kind: 'container', namespace: 'shop', name: 'api-7', container: 'app' },
  { kind: 'namespace', name: 'shop' },
  { kind: 'context', name: 'test\x1b[31m' },
]

const names: Readonly<Record<string, string>> = { '\t': 'tab', '\r': 'return', ' ': 'space' }
/** A person at a list; `show` returns the lines between the search and the keys. */
function open(list: () => readonly Entry[] = () => entries, isComplete: () => boolean = () => true) {
  const question = makeSearchQuestion({ context: 'prod', namespace: () => undefined, entries: list, isComplete })
  const press = (name: string | undefined, text?: string) => question.press({ text, name, hasCtrl: false })
  return {
    press,
    type: (text: string) => [...text].map((char) => press(names[char] ?? char, char)).at(-1),
    show: () => question.draw(true, { columns: 80, rows: 40 }).split('\n').slice(2, -1),
  }
}

test.each([
  [
    'api shop',
    [
      'pod shop/api-7',
      'svc shop/api',
      'deploy shop/api',
      'container shop/api-7 -c proxy',
      'container shop/api-7 -c app',
    ],
  ],
  ['SHOP web', ['pod shop/web-1']],
  ['svc/led', ['svc pay/ledger']],
  ['service api', ['svc shop/api']],
  ['deployment', ['deploy shop/api']],
  ['ns', ['namespace shop']],
  ['conte', ['context test\\x1b[31m']],
  ['api-7 pro', ['container shop/api-7 -c proxy']],
  ['ledger shop', []],
])('the search "%s" finds words in any order', (search, found) => {
  const { type, show } = open()
  type(search)
  const lines = show()
    .slice(0, -1)
    .map((line) => line.slice(3).replace(/ {2,}/, ' '))
  expect(lines).toEqual(found)
})

test('Enter takes the highlighted entry if none is marked, else the marked entries', () => {
  expect(open().type('web\r')).toEqual({ answer: [entries[1]] })
  const { type, press } = open()
  type('web\t')
  press('down')
  expect(type('\r')).toEqual({ answer: [entries[1]] })
})

test('Space marks an entry while a person moves through the list, and is part of the search while they type', () => {
  const { type, press, show } = open()
  type('api 9')
  expect(show().at(-1)).toBe('  1 of 11')
  for (let i = 0; i < 5; i++) press('backspace')
  press('down')
  type(' ')
  expect(show().at(-1)).toBe('  11 of 11; marked: shop/web-1')
  type(' ')
  expect(show().at(-1)).toBe('  11 of 11')
})

test('Enter without a match answers with nothing, once everything has been listed', () => {
  expect(open().type('nothing\r')).toEqual({ answer: [] })
  const { type, show } = open(undefined, () => false)
  expect(type('nothing\r')).toBe(undefined)
  expect(show().at(-1)).toBe('  still listing')
})

test('Enter opens a namespace or context instead of marking it', () => {
  const { type, show } = open()
  type('ns\t')
  expect(show().at(-1)).toBe('  Enter opens the namespace')
  expect(type('\r')).toEqual({ answer: { place: { kind: 'namespace', name: 'shop' } } })
})

test('the search refuses entries that one command line cannot name together, with the reason', () => {
  const { type, press, show } = open()
  const search = (text: string) => {
    for (let i = 0; i < 20; i++) press('backspace')
    return type(text)
  }
  search('svc shop\t')
  search('pod pay\t')
  expect(show().at(-1)).toBe('  a service or workload goes with targets of its own namespace only')
  search('old\t')
  expect(show().at(-1)).toBe('  shop/old-1 cannot be captured: Completed')
  search('proxy\t')
  expect(show().at(-1)).toBe('  a container goes with containers of the same name only')
  expect(search('web\t\r')).toEqual({ answer: [entries[4], entries[1]] })
})

test('the highlight stays on its entry when more entries arrive above it', () => {
  let list: readonly Entry[] = [{ kind: 'deploy', namespace: 'shop', name: 'api' }]
  const { type, show } = open(() => list)
  type('api')
  list = entries
  expect(show()).toContain('>  deploy     shop/api')
  expect(type('\r')).toEqual({ answer: [entries[6]] })
})

test('names of a cluster cannot write control characters to the terminal', () => {
  const { show } = open()
  expect(show().join('\n')).not.toContain('\x1b')
})
