import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { reloadList } from '../../src/extcap/reload.ts'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { seeEnvironment } from '../support/run-cli-here.ts'
import { runKcap } from '../support/run-kcap.ts'
import { tokenizeAnswer } from './tokenize-sentence.ts'

let demo: DemoFixture
let kubeconfig: string
beforeAll(async () => {
  const readPods = { verbs: ['get', 'list'], resources: ['pods'], namespaces: ['prod'] }
  demo = await openDemoFixture({ users: [{ name: 'pods-of-prod', rights: [readPods] }] })
  kubeconfig = await demo.kubeconfig()
})

const cluster = 'kcap-kcap-demo'

const words = (value: string, option: string, fields: readonly string[]) => [
  ...['--extcap-config', '--extcap-interface', value, '--extcap-reload-option', option],
  ...fields,
]

/** Asks as Wireshark does when a button of the dialog is pressed: with the values of the other fields. */
async function reloadByProgram(value: string, option: string, fields: readonly string[] = []) {
  const { code, stdout, stderr } = await runKcap(words(value, option, fields), { KUBECONFIG: kubeconfig })
  expect([code, stderr]).toEqual([0, ''])
  return readValues(stdout.toString())
}

/** Reloads a list without a process of its own. */
async function reload(value: string, option: string, fields: readonly string[] = [], environment = {}) {
  seeEnvironment({ KUBECONFIG: kubeconfig, ...environment })
  return readValues((await reloadList(words(value, option, fields))) ?? '')
}

function readValues(answer: string) {
  return tokenizeAnswer(answer).map(({ word, parameters }) => {
    expect(word).toBe('value')
    return Object.fromEntries(parameters)
  })
}

const valuesOf = (list: readonly Record<string, string>[]) => list.map(({ value }) => value)

describe('the reload button of the dialog loads from the cluster', () => {
  test('namespaces', async () => {
    const list = await reloadByProgram(cluster, 'namespace')
    expect(valuesOf(list)).toEqual(['', 'default', 'kube-system', 'prod', 'staging'])
  })

  test('the pods of a workload, whichever of them is chosen', async () => {
    const workload = 'kcap-kcap-demo.prod.deploy_orders'
    const pods = ['', 'pod/orders-6c9f', 'pod/orders-x2x7']
    expect(valuesOf(await reload(workload, 'target')).sort()).toEqual(pods)
    const list = await reload(workload, 'target', ['--target', 'pod/orders-x2x7'])
    expect(valuesOf(list).sort()).toEqual(pods)
    expect(list.find(({ default: isChosen }) => isChosen === 'true')?.value).toBe('pod/orders-x2x7')
    expect(list[0]?.display).toBe('all pods of the workload')
  })

  test('services, workloads and running pods of the chosen namespace', async () => {
    const own = valuesOf(await reload(cluster, 'target'))
    for (const value of ['svc/orders', 'deploy/orders', 'pod/orders-6c9f']) expect(own).toContain(value)
    expect(own).not.toContain('pod/importer-pending')
    const system = valuesOf(await reload(cluster, 'target', ['--namespace', 'kube-system']))
    expect(system).not.toContain('pod/orders-6c9f')
  })

  test('containers of the pod, or of the first pod of a workload', async () => {
    for (const target of ['pod/orders-6c9f', 'deploy/orders', 'svc/orders']) {
      const list = await reload(cluster, 'container', ['--target', target, '--namespace', 'prod', '--container', ''])
      expect(valuesOf(list)).toContain('api')
    }
    expect(valuesOf(await reload(`${cluster}.prod.orders-6c9f`, 'container'))).toContain('api')
  })

  test('interfaces, as the remote side names them', async () => {
    const list = await reloadByProgram(cluster, 'iface', ['--target', 'pod/orders-6c9f', '--iface', 'eth1'])
    expect(valuesOf(list)).toEqual(expect.arrayContaining(['', 'eth1', 'eth0', 'lo']))
    expect(list.find(({ default: chosen }) => chosen === 'true')?.value).toBe('eth1')
  })

  test('lists of the demo, as of any cluster', async () => {
    expect(valuesOf(await reloadByProgram('kcapdemo', 'container'))).toContain('api')
    expect(valuesOf(await reload('kcapdemo', 'iface'))).toContain('eth0')
  })

  test('lists without the kinds that a login may not list', async () => {
    const own = { KUBECONFIG: await demo.kubeconfig('pods-of-prod') }
    const list = valuesOf(await reload(cluster, 'target', [], own))
    expect(list).toContain('pod/orders-6c9f')
    expect(list.filter((value) => value?.startsWith('svc/'))).toEqual([])
  })

  test('with fields as Wireshark passes them: empty, a set flag with its value, limits', async () => {
    const fields = ['--port', '', '--count', '0', '--protocol', 'tcp', '--accept-new-host-key', 'true', '--target', '']
    expect(valuesOf(await reload(cluster, 'namespace', fields))).toContain('prod')
  })
})

describe('a list that cannot load says why in the list', () => {
  test('when the login may not list', async () => {
    const own = { KUBECONFIG: await demo.kubeconfig('pods-of-prod') }
    const [entry, ...more] = await reload(cluster, 'namespace', [], own)
    expect(more).toEqual([])
    expect(entry?.display).toMatch(/^cannot list namespaces in all namespaces: user "pods-of-prod" is not allowed to$/)
  })

  test('when the cluster does not answer, within the time that a person accepts from a frozen window', async () => {
    await demo.cluster.misbehave({ answer: 'never' })
    const startedMs = Date.now()
    const list = await reloadByProgram(cluster, 'target', ['--target', 'pod/chosen-before'])
    const tookMs = Date.now() - startedMs
    await demo.cluster.misbehave({})
    expect(tookMs).toBeLessThan(8_000)
    expect(list.map(({ value, display }) => [value, display])).toEqual([
      ['pod/chosen-before', 'pod/chosen-before'],
      ['', 'no answer within 5 s'],
    ])
  })

  test('when there is no such pod, or none is chosen', async () => {
    const [gone] = await reload(cluster, 'container', ['--target', 'pod/gone'])
    expect(gone?.display).toBe('cannot capture "prod/gone": the namespace has no such pod')
    expect(valuesOf(await reload(cluster, 'container'))).toEqual([''])
  })

  test('when the context is gone from the kubeconfig', async () => {
    const file = path.join(demo.folder, 'other')
    await writeFile(file, demo.cluster.kubeconfig({ context: 'other' }))
    const [entry] = await reload(cluster, 'namespace', [], { KUBECONFIG: file })
    expect(entry?.display).toContain('the kubeconfig has none of that name any more')
  })
})

test('an option without a list, or a foreign interface, has nothing to load', async () => {
  expect(await reloadByProgram(cluster, 'port')).toEqual([])
  expect((await reload('eth0', 'namespace'))[0]?.display).toContain("it is none of kcap's")
})

test('the name of a built-in property is no list of the dialog', async () => {
  expect(await reloadList(['--extcap-reload-option=constructor', '--extcap-interface=kcapssh'])).toBe(undefined)
})
