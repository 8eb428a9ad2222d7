import { execFile } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { hasPrograms } from '../support/has-program.ts'

const run = promisify(execFile)

/**
 * A real Kubernetes, sshd and jump host, described by variables: KCAP_LAB=1 and further KCAP_LAB_… variables. Without it real tests
 * skip and say why; with KCAP_REQUIRE_REAL=1, as in CI, what would skip fails.
 */
export const hasLab = process.env.KCAP_LAB === '1' && process.env.KCAP_LAB_K8S === '1'

/** Whether the API is that of Kubernetes 1.36, which the lab's front imitates. */
export const isModern = process.env.KCAP_LAB_FRONT === '1'

export const lab = {
  command: process.env.KCAP_LAB_CMD ?? '',
  kubectl: process.env.KCAP_LAB_KUBECTL ?? '',
  kubeconfig: process.env.KCAP_LAB_KUBECONFIG ?? '',
  kubeconfigFolder: process.env.KCAP_LAB_KUBECONFIG_DIR ?? '',
  sshConfig: process.env.KCAP_LAB_SSH_CONFIG ?? '',
  sshFolder: process.env.KCAP_LAB_SSH_DIR ?? '',
}

const programs = ['tshark', 'capinfos', 'tcpdump']
const missing = [...(hasLab ? [] : ['the lab (KCAP_LAB=1)']), ...programs.filter((name) => !hasPrograms(name))]

/** `test`, where the real peers are there. */
export const realTest = missing.length === 0 || process.env.KCAP_REQUIRE_REAL === '1' ? test : test.skip
if (missing.length > 0) console.log(`real tests need: ${missing.join(', ')}`)

export async function runLab(...argv: string[]): Promise<string> {
  return (await run(lab.command, argv, { maxBuffer: 1e8 })).stdout
}

export async function kubectl(...argv: string[]): Promise<string> {
  return (await run(lab.kubectl, ['--kubeconfig', lab.kubeconfig, ...argv], { maxBuffer: 1e8 })).stdout
}

/**
 * Snap length of the captures that this test file starts, unless they have one of their own. It distinguishes them from the captures of files
 * that use the lab at the same time, and is larger than any packet.
 */
export const ownSnapLength = 100_000 + (process.pid % 100_000)
if (hasLab) process.env.KCAP_SNAPLEN = String(ownSnapLength)

/** Options for what kcap creates in the lab, whose nodes cannot pull images. */
export const debugImage = ['--debug-image', 'lab/busybox:1', '--debug-pull-policy', 'Never']

/** Pods that kcap has created and that are there still, `pod/NAME` a line; with `running`, those that run. */
export async function listOwnPods(which: 'all' | 'running' = 'all'): Promise<string> {
  const running = which === 'running' ? ['--field-selector=status.phase=Running'] : []
  return (await kubectl('get', 'pods', '-A', '-l', ownLabel, ...running, '-o', 'name')).trim()
}

/** Waits until none of those is left: the kubelet takes its time with a pod that is deleted, and others end by themselves. */
export async function expectNoOwnPods(which: 'all' | 'running', limitMs = 60_000): Promise<void> {
  const check = async () => expect(await listOwnPods(which)).toBe('')
  await vi.waitFor(check, { timeout: limitMs, interval: 250 })
}

/** After a test that failed. */
export async function deleteOwnPods(): Promise<void> {
  await kubectl('delete', 'pods', '-n', 'shop', '-l', ownLabel, '--force')
}

const ownLabel = 'app.kubernetes.io/managed-by=kcap'

/** Name of a running pod of the namespace that begins so. */
export async function findPod(prefix: string, namespace = 'shop'): Promise<string> {
  const template = '{range .items[*]}{.metadata.name} {.metadata.deletionTimestamp}{"\\n"}{end}'
  const running = ['get', 'pods', '-n', namespace, '--field-selector=status.phase=Running', '-o']
  // One that is going is Running still.
  const names = (await kubectl(...running, `jsonpath=${template}`))
    .split('\n')
    .filter((line) => line.endsWith(' '))
    .map((line) => line.trim())
  const found = names.find((name) => name.startsWith(prefix))
  if (found === undefined) throw new Error(`no pod ${prefix}… in ${namespace}: ${names.join(' ')}`)
  return found
}

/** Capture programs with this snap length that run on the node or in its pods, a line each. */
export async function listCaptures(snapLength = ownSnapLength): Promise<string[]> {
  return (await listAllCaptures()).filter((line) => line.includes(` -s ${snapLength} `))
}

/** Capture programs that run on the node or in its pods, whoever started them, a line each. */
export async function listAllCaptures(): Promise<string[]> {
  return (await runLab('ps-captures')).split('\n').filter((line) => line !== '')
}

/** Waits until no capture program is left on the remote side; fails after `limitMs`. Returns how long it took. */
export async function expectNoCaptures(limitMs = 30_000, snapLength = ownSnapLength): Promise<number> {
  const startedMs = Date.now()
  let left = await listCaptures(snapLength)
  while (left.length > 0 && Date.now() - startedMs < limitMs) {
    await sleep(250)
    left = await listCaptures(snapLength)
  }
  expect(left).toEqual([])
  return Date.now() - startedMs
}

export async function tshark(file: string, ...argv: string[]): Promise<string> {
  const { stdout, stderr } = await run('tshark', ['-n', '-r', file, ...argv], { maxBuffer: 1e9 })
  expect(stderr.replace(/Running as user "root".*\n/, '')).toBe('')
  return stdout
}

export async function capinfos(file: string, ...argv: string[]): Promise<string> {
  return (await run('capinfos', [...argv, path.resolve(file)], { maxBuffer: 1e7 })).stdout
}
