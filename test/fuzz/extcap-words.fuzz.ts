import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { expect } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { readAnswer, storeAnswer, sweepAnswers } from '../../src/extcap/answer-file.ts'
import { formatConfig } from '../../src/extcap/config.ts'
import { formatDialog, formatList, formatListFailure, readDialogLists } from '../../src/extcap/dialog.ts'
import { findVerb } from '../../src/extcap/front.ts'
import {
  type ExtcapInterface,
  formatInterfaceValue,
  formatInterfaceValues,
  isPartOf,
  isValueOf,
  parseInterfaceValue,
} from '../../src/extcap/interface-name.ts'
import { formatInterfaceList } from '../../src/extcap/interfaces.ts'
import { readKnownDialog, rememberChoices } from '../../src/extcap/known-dialogs.ts'
import { parseWords } from '../../src/extcap/parse-words.ts'
import { readRecentChoices } from '../../src/extcap/recent-choices.ts'
import { formatFailure } from '../../src/extcap/report.ts'
import { wiresharkWords } from '../../src/extcap/wireshark-words.ts'
import { claimFile } from '../../src/host/claim-file.ts'
import { sweepPrivateFolders } from '../../src/host/private-folder.ts'
import { markProcess } from '../../src/host/process-mark.ts'
import { openNamesCache } from '../../src/listing/names-cache.ts'
import { parseArguments } from '../../src/request/parse-arguments.ts'
import { settingsKey, tokenizeAnswer } from '../extcap/tokenize-sentence.ts'
import { seeEnvironment } from '../support/run-cli-here.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { fuzz, orRefusal } from './fuzz.ts'
import { damagedJson, damagedText, hostileText, isHarmless } from './hostile-text.ts'

// Not the temporary folder itself: that is called as kcap's own are, which may be removed.
const outside = path.join(await makeTempFolder(), 'outside')
const home = path.join(outside, 'home')
const environment = { HOME: home, XDG_CACHE_HOME: path.join(home, 'cache'), KUBECONFIG: path.join(home, 'config') }
const running = path.join(home, 'cache', 'kcap', 'run')
mkdirSync(running, { recursive: true, mode: 0o700 })
seeEnvironment(environment)
const expectNothingOutside = () => {
  expect(readdirSync(outside)).toEqual(['home'])
  expect(readdirSync(home)).toEqual(['cache'])
  expect(readdirSync(path.join(home, 'cache'))).toEqual(['kcap'])
}

const wiresharkArgv = [
  '--capture',
  '--extcap-interfaces',
  '--extcap-config',
  '--extcap-interface=kcap-a.b.c',
  '--extcap-dlts',
  '--fifo',
  'x',
]
fuzz('words of Wireshark: a verb or none, and a word for each', fc.array(damagedText(wiresharkArgv)), (argv) => {
  findVerb(argv)
  expect(parseWords(argv).size).toBeLessThanOrEqual(argv.length)
})

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
const podName = fc.oneof(label, fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/))
const context = fc.oneof(
  hostileText,
  fc.constantFrom('prod', 'a-b', 'kind-kind', 'admin@cluster', 'arn:aws:eks:eu:1:cluster/x'),
)
const item: fc.Arbitrary<ExtcapInterface> = fc.oneof(
  fc.record({ kind: fc.constant('pod' as const), context, namespace: label, pod: podName }),
  fc.record({ kind: fc.constant('cluster' as const), context }),
  fc.record({ kind: fc.constant('ssh' as const), host: context }),
  fc.constantFrom({ kind: 'demo' as const }, { kind: 'ssh' as const }),
)
fuzz(
  'interfaces: legal values that are read back as what they stand for',
  fc.tuple(fc.uniqueArray(item, { maxLength: 8, selector: (each) => JSON.stringify(each) }), context),
  ([items, current]) => {
    const values = formatInterfaceValues(items)
    for (const [i, value] of values.entries()) {
      const item = items[i] as ExtcapInterface
      expect(value).toMatch(/^[a-z0-9._-]{1,100}$/)
      const reference = parseInterfaceValue(value)
      expect(reference?.kind).toBe(item.kind)
      if (item.kind === 'cluster' && reference?.kind === 'cluster')
        expect(isPartOf(reference.contextPart, item.context)).toBe(true)
      if (item.kind === 'ssh' && item.host !== undefined && reference?.kind === 'ssh')
        expect(reference.hostPart).toBeDefined()
      if (item.kind === 'pod' && reference?.kind === 'pod') {
        expect(isPartOf(reference.contextPart, item.context)).toBe(true)
        expect(isValueOf(value, item)).toBe(true)
      }
    }
    expect(new Set(values.map(settingsKey)).size).toBe(values.length)
    expect(tokenizeAnswer(formatInterfaceList(items, current)).length).toBe(items.length + 1)
  },
)

const reference = item.map((each) => parseInterfaceValue(formatInterfaceValue(each)) ?? { kind: 'demo' as const })
const lists = fc.record(
  { namespace: fc.array(hostileText), target: fc.array(hostileText), iface: fc.array(hostileText) },
  { requiredKeys: [] },
)
fuzz(
  'dialogs and lists: legal sentences, whatever stands in them',
  fc.tuple(reference, lists, hostileText),
  ([reference, lists, chosen]) => {
    const dialog = formatDialog(reference, lists)
    tokenizeAnswer(dialog)
    tokenizeAnswer(formatDialog(reference, readDialogLists(dialog)))
    for (const name of ['namespace', 'target', 'iface', 'container']) {
      tokenizeAnswer(formatList(name, lists.target ?? [], chosen))
      tokenizeAnswer(formatListFailure(name, chosen, lists.namespace?.[0]))
    }
    const failure = formatFailure(new KcapError('usage', chosen, { hints: lists.target ?? [] }))
    expect(isHarmless(failure) && Buffer.byteLength(failure) <= 1_000).toBe(true)
  },
)

const answersFolder = path.join(home, 'cache', 'kcap', 'answers')
const value = fc.oneof(
  damagedText(['kcap-prod', 'kcap-prod.shop.web-1', 'kcapssh-web', 'kcapdemo', '../x']),
  item.map(formatInterfaceValue),
)
storeAnswer(
  'kcap-prod',
  environment.KUBECONFIG,
  formatDialog({ kind: 'cluster', contextPart: 'prod' }, { target: ['pod/a'] }),
)
const fileText = damagedText([`kcap 0.1.0 1 ${environment.KUBECONFIG}\nvalue {arg=1}{value=a}{display=a}\n`, 'kcap\n'])
fuzz('questions for dialogs: legal sentences from this folder only', fc.tuple(value, fileText), ([value, text]) => {
  tokenizeAnswer(formatConfig(['--extcap-config', '--extcap-interface', value]))
  writeFileSync(path.join(answersFolder, 'kcap-prod'), text, { mode: 0o600 })
  expect(readAnswer('kcap-prod', () => true)).toBe(undefined)
  readKnownDialog('kcap-prod')
  sweepAnswers()
  expectNothingOutside()
})

const choicesFile = path.join(home, 'cache', 'kcap', 'choices')
const choices = [
  {
    'kcap-prod': { namespace: ['a'], target: ['svc/x', 'pod/y'], container: [], iface: ['eth0'] },
    'kcap-x.y.z': { iface: ['lo'] },
  },
]
fuzz(
  'what was chosen before: lists of texts, whatever the file says',
  fc.tuple(damagedJson(choices), value, hostileText),
  ([text, value, chosen]) => {
    writeFileSync(choicesFile, text, { mode: 0o600 })
    for (const lists of Object.values(readRecentChoices()))
      for (const list of Object.values(lists)) for (const entry of list) expect(typeof entry).toBe('string')
    const parsed = orRefusal(() =>
      parseArguments(['--capture', '--target', chosen], { more: wiresharkWords, dropEmpty: true }),
    )
    if (parsed !== undefined) rememberChoices(value, parsed)
    expectNothingOutside()
  },
)

const cacheFolder = path.join(home, 'cache', 'kcap')
const names = [
  {
    answeredInMs: 3,
    names: { pods: ['shop/web-1', 'shop/db-0'], namespaces: ['shop'], hasMore: false, ownNamespace: 'shop' },
  },
]
const cache = openNamesCache(cacheFolder)
cache.write('key', { names: undefined, answeredInMs: undefined })
const namesFile = path.join(cacheFolder, 'names', readdirSync(path.join(cacheFolder, 'names'))[0] ?? '')
fuzz('cached names: those that a cluster can have, whatever the file says', damagedJson(names), (text) => {
  writeFileSync(namesFile, text, { mode: 0o600 })
  const known = cache.read('key')
  for (const { namespace, pod } of known?.names?.pods ?? [])
    expect(`${namespace}/${pod}`).toMatch(/^[a-z0-9-]+\/[a-z0-9.-]+$/)
  for (const namespace of known?.names?.namespaces ?? []) expect(namespace).toMatch(/^[a-z0-9-]+$/)
  expectNothingOutside()
})

fuzz(
  'names in the folder of what runs: nothing else is removed',
  fc.array(damagedText(['ask.0123abcd.1.1.abcdef', '../treasure', `demo.${markProcess()}.x`, 'ask.0.0.0.0'])),
  (names) => {
    for (const name of names.filter(
      (name) => /^[^/\0]+$/.test(name) && !/^\.+$/.test(name) && Buffer.byteLength(name) <= 200,
    ))
      mkdirSync(path.join(running, name), { recursive: true })
    sweepPrivateFolders()
    for (const name of names) claimFile({ dev: 1, ino: name.length })?.()
    expectNothingOutside()
  },
)
