import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenDemo, openDemo } from '../../src/demo/open-demo.ts'
import { runCliHere } from '../support/run-cli-here.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

let demo: OpenDemo
let folder: string

beforeAll(async () => {
  folder = await makeTempFolder()
  demo = await openDemo({ packetsPerSecond: 500 })
})
afterAll(() => demo.close())

const kcap = (...argv: string[]) => runCliHere(argv, { KUBECONFIG: demo.kubeconfigPath })

test.each([
  ['prod/slim-0', 'ephemeral'],
  ['prod/minimal-0', 'ephemeral'],
  ['prod/locked-0', 'ephemeral'],
  ['prod/slim-0', 'node-pod'],
  ['node/demo-node-2', 'node-pod'],
])('the demo lets kcap capture in %s through a debug container, --via %s', async (target, via) => {
  const file = path.join(folder, `${path.basename(target)}-${via}.pcapng`)
  const { code, stderr } = await kcap(target, '--via', via, '--count', '20', '-o', file)
  expect([code, stderr]).toEqual([0, expect.stringContaining('20 packets')])
})

test('a pod that the demo ran on a node is gone after its capture', async () => {
  await kcap('prod/slim-0', '--via', 'node-pod', '--count', '5', '-o', path.join(folder, 'gone.pcapng'))
  const { stdout } = await kcap('list', 'pods', '-n', 'prod', '-o', 'name')
  expect(stdout).toContain('prod/slim-0')
  expect(stdout).not.toContain('prod/kcap-')
})

test('kcap doctor finds every right it needs in the demo', async () => {
  const { code, stdout } = await kcap('doctor', 'prod/slim-0')
  expect(code).toBe(0)
  expect(stdout).toContain('+create pods/exec, +patch pods/ephemeralcontainers, +create pods, +delete pods')
  expect(stdout).toMatch(/^ok ephemeral/m)
  expect(stdout).toMatch(/^ok node-pod/m)
})
