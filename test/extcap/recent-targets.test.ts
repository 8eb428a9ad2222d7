import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { findRecentTargets, noteRecentTarget } from '../../src/extcap/recent-targets.ts'
import { wiresharkWords } from '../../src/extcap/wireshark-words.ts'
import { parseArguments } from '../../src/request/parse-arguments.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

let environment: NodeJS.ProcessEnv
let file: string
beforeEach(async () => {
  const cache = await makeTempFolder()
  environment = { HOME: cache, XDG_CACHE_HOME: cache }
  file = path.join(cache, 'kcap', 'recent')
})

const note = (value: string, ...words: string[]) =>
  noteRecentTarget(value, parseArguments(words, { more: wiresharkWords }), environment)
const find = (context = 'prod') => findRecentTargets(context, environment)

test('recent targets are the captured pods and workloads, the latest first, each once', () => {
  for (const name of ['web-1', 'deploy_orders', 'web-2', 'web-1']) note(`kcap-prod.shop.${name}`)
  expect(find()).toEqual([
    { namespace: 'shop', pod: 'web-1' },
    { namespace: 'shop', pod: 'web-2' },
    { kind: 'deploy', namespace: 'shop', name: 'orders', podCount: 0 },
  ])
  expect(find('staging')).toEqual([])
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('a target chosen in the dialog of a cluster counts as captured', () => {
  const chosen = ['--context', 'Prod EU', '--namespace', 'shop']
  note('kcap-prod-eu-1b510b', ...chosen, '--target', 'sts/db')
  note('kcap-prod-eu-1b510b', ...chosen, '--target', 'pod/web-1')
  // A service has no interface.
  note('kcap-prod-eu-1b510b', ...chosen, '--target', 'svc/web')
  expect(find('Prod EU')).toEqual([
    { namespace: 'shop', pod: 'web-1' },
    { kind: 'sts', namespace: 'shop', name: 'db', podCount: 0 },
  ])
})

test('recent targets keep a few of each cluster, and only valid values', () => {
  for (let i = 0; i < 30; i++) note(`kcap-prod.shop.web-${i}`)
  expect(find()).toHaveLength(8)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(20)
  for (const text of ['{', 'null', '[7, "eth0", "kcapdemo", "kcap-prod.shop.a--0123ab"]']) {
    writeFileSync(file, text)
    expect(find()).toEqual([])
  }
})

test('a folder that cannot be written costs nothing but the recent targets', () => {
  environment = { HOME: '/dev/null', XDG_CACHE_HOME: '/dev/null' }
  note('kcap-prod.shop.web-1')
  expect(find()).toEqual([])
})
