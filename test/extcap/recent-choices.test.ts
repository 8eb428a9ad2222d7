import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { formatConfig } from '../../src/extcap/config.ts'
import { openDemoFixture } from '../support/demo.ts'
import { readListing } from '../support/read-listing.ts'
import { seeEnvironment } from '../support/run-cli-here.ts'
import { runKcap } from '../support/run-kcap.ts'
import { tokenizeAnswer } from './tokenize-sentence.ts'

const cluster = 'kcap-kcap-demo'
let environment: Record<string, string>
let folder: string
beforeAll(async () => {
  const demo = await openDemoFixture()
  folder = demo.folder
  environment = { KUBECONFIG: await demo.kubeconfig(), XDG_CACHE_HOME: path.join(folder, 'cache') }
  seeEnvironment(environment)
})

/** The entries of the dialog's lists, by the numbers of their arguments' options. */
function readLists(value: string): Record<string, string[]> {
  const sentences = tokenizeAnswer(formatConfig(['--extcap-config', '--extcap-interface', value]))
  const names = new Map(
    sentences.map(({ parameters }) => [parameters.get('number'), parameters.get('call')?.slice(2) ?? '']),
  )
  const lists: Record<string, string[]> = {}
  for (const { word, parameters } of sentences) {
    if (word !== 'value') continue
    const name = names.get(parameters.get('arg')) ?? ''
    lists[name] = [...(lists[name] ?? []), parameters.get('value') ?? '']
  }
  return lists
}

async function capture(value: string, ...options: string[]): Promise<void> {
  const argv = [
    '--capture',
    '--extcap-interface',
    value,
    '--fifo',
    path.join(folder, 'out'),
    '--count',
    '1',
    '--force',
    ...options,
  ]
  expect(await runKcap(argv, environment)).toMatchObject({ code: 0, stderr: '' })
}

test('a choice in a dialog stays in its lists, the latest first, also after another listing', async () => {
  await readListing(environment)
  await capture(cluster, '--namespace', 'staging', '--target', 'deploy/web', '--iface', 'eth0')
  await capture(cluster, '--target', 'svc/orders')
  const expectChoices = () => {
    const { namespace, target, iface } = readLists(cluster)
    expect(target?.slice(0, 3)).toEqual(['', 'svc/orders', 'deploy/web'])
    expect(target).toContain('pod/orders-6c9f')
    expect(namespace?.slice(0, 2)).toEqual(['', 'staging'])
    expect(iface).toEqual(['', 'eth0', 'lo'])
  }
  expectChoices()
  writeFileSync(path.join(environment.XDG_CACHE_HOME ?? '', 'kcap', 'answers', 'list'), '')
  await readListing(environment)
  expectChoices()
})

test('each pod has its own recent choices', async () => {
  const [one, other] = ['orders-6c9f', 'orders-x2x7'].map((pod) => `${cluster}.prod.${pod}`) as [string, string]
  await capture(one, '--container', 'api')
  expect(readLists(one).container).toEqual(['', 'api'])
  expect(readLists(other).container).toEqual([''])
})

test('recent choices are private to this user, and other texts are omitted', async () => {
  const file = path.join(environment.XDG_CACHE_HOME ?? '', 'kcap', 'choices')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  const hostile = { ...kept, [cluster]: { target: ['pod/ok', 7, '', 'x'.repeat(1_000)], iface: 'eth9', other: ['y'] } }
  for (const text of [JSON.stringify(hostile), '[]', 'null', '{']) {
    writeFileSync(file, text, { mode: 0o600 })
    writeFileSync(path.join(path.dirname(file), 'answers', 'list'), '')
    expect(await readListing(environment)).toMatchObject({ code: 0, stderr: '' })
    const { target, iface } = readLists(cluster)
    expect(target?.includes('pod/ok')).toBe(text.includes('pod/ok'))
    expect(target?.filter((entry) => entry.length > 300)).toEqual([])
    expect(iface).toEqual(['', 'eth0', 'lo'])
  }
})
