import { execFileSync, spawn } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect } from 'vitest'
import { programPath, runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { expectError } from './error-row.ts'
import { expectNoCaptures, findPod, hasLab, lab, listCaptures, realTest } from './lab.ts'
import { pathWithoutKubectl, waysWithoutPods } from './other-routes.ts'

let folder: string
let pod: string
let kubectlPath: string
const login = (name: string) => path.join(lab.kubeconfigFolder, `${name}.yaml`)
beforeAll(async () => {
  folder = await makeTempFolder()
  if (hasLab) pod = await findPod('orders')
  kubectlPath = `${path.dirname(lab.kubectl)}:${process.env.PATH}`
})

realTest(
  'a login that may only "create" captures through kubectl, with the kernel\'s counters at the end',
  async () => {
    const file = path.join(folder, 'create-only.pcapng')
    const words = [`shop/${pod}`, '-n', 'shop', '--via', 'kubectl', '--duration', '4', '-o', file]
    const { code, stderr } = await runKcap(words, { KUBECONFIG: login('create-only'), PATH: kubectlPath })
    expect([code, stderr]).toEqual([0, expect.stringMatching(/ packets, .*none dropped/)])
    const packets = execFileSync('tshark', ['-r', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    expect(packets.split('\n').length).toBeGreaterThan(10)
    await expectNoCaptures()
  },
)

realTest('without kubectl, kcap refuses a login that may only "create", and reports why', async () => {
  await expectError(folder, {
    argv: [`shop/${pod}`],
    environment: { KUBECONFIG: login('create-only'), PATH: pathWithoutKubectl },
    message: 'cannot get pods/exec in the namespace "shop": user "create-only" is not allowed to',
    hints: [
      /"get" on "pods\/exec"/,
      /^someone who may grant it .*: kubectl apply -f - <<'END'\n/,
      ...waysWithoutPods(`shop/${pod}`, 'shop'),
    ],
    exitCode: 5,
  })
})

realTest('kcap reports a refused or missing kubectl as the reason for a failed capture', async () => {
  await expectError(folder, {
    argv: [`shop/${pod}`, '--via', 'kubectl'],
    environment: { KUBECONFIG: login('viewer'), PATH: kubectlPath },
    message: 'cannot create pods/exec in the namespace "shop": user "viewer" is not allowed to',
    hints: [/"create" on "pods\/exec"/, /^someone who may grant it .*: kubectl apply -f - <<'END'\n/],
    exitCode: 5,
  })
  await expectError(folder, {
    argv: ['shop/distroless', '--via', 'kubectl'],
    environment: { KUBECONFIG: lab.kubeconfig, PATH: kubectlPath },
    message: 'cannot capture in "shop/distroless": its container has no "sh"',
    hints: [/--container NAME$/],
    exitCode: 6,
  })
})

realTest('nothing runs after kcap or its kubectl is killed', { timeout: 90_000 }, async () => {
  for (const victim of ['kcap', 'kubectl'] as const) {
    const child = spawn(
      process.execPath,
      [programPath, `shop/${pod}`, '--via', 'kubectl', '--iface', 'lo', '--filter', 'tcp port 9', '-o', '-'],
      { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, KUBECONFIG: lab.kubeconfig, PATH: kubectlPath } },
    )
    child.stdout.resume()
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    while ((await listCaptures()).length === 0) await sleep(200)
    const started = Number(execFileSync('pgrep', ['-P', String(child.pid), 'kubectl'], { encoding: 'utf8' }))
    process.kill(victim === 'kcap' ? (child.pid ?? 0) : started, 'SIGKILL')
    expect(await ended).toBe(victim === 'kcap' ? null : 1)
    await expectNoCaptures(30_000)
    await expectGone(started)
  }
})

async function expectGone(pid: number): Promise<void> {
  for (let i = 0; i < 50; i++) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await sleep(100)
  }
  throw new Error(`kubectl ${pid} still runs`)
}
