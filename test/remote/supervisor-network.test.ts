import { execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, rmdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RemoteNetwork } from '../../src/remote/supervised-argv.ts'
import { formatAddress } from '../../src/remote/supervised-argv.ts'
import { supervisorWords } from '../../src/remote/supervisor-script.ts'
import { distinctShells } from '../support/shells.ts'
import { startSupervisor } from '../support/start-supervisor.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const uid = randomUUID()
const idOfPod = { kind: 'pod', uid, addresses: ['127.0.0.1'] } as const
const processOf = spawn('sleep', ['60'], { stdio: 'ignore' })
/** A cgroup as the kubelet's systemd driver calls one; undefined where nobody may make one. */
const cgroup = await makeCgroup(`kubepods-pod${uid.replaceAll('-', '_')}.slice`)
let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
  await addProgram('tcpdump', 'exit 0')
  // Entering takes root. busybox's shell tries it all the same, with an nsenter of its own.
  await addProgram('nsenter', 'exit 0')
})
afterAll(async () => {
  processOf.kill('SIGKILL')
  if (processOf.exitCode === null && processOf.signalCode === null) await once(processOf, 'exit')
  if (cgroup !== undefined) await rmdir(cgroup)
})

async function makeCgroup(name: string): Promise<string | undefined> {
  for (const hierarchy of ['/sys/fs/cgroup/pids', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup']) {
    const place = path.join(hierarchy, name)
    try {
      await mkdir(place)
    } catch {
      continue
    }
    try {
      await writeFile(path.join(place, 'cgroup.procs'), String(processOf.pid), { flag: 'r+' })
      return place
    } catch {
      await rmdir(place)
    }
  }
  return undefined
}

async function addProgram(name: string, body: string): Promise<void> {
  await writeFile(path.join(folder, name), `#!/bin/sh\n${body}\n`)
  await chmod(path.join(folder, name), 0o755)
}

async function enterPod(shell: readonly string[], PATH: string, network: RemoteNetwork = idOfPod) {
  const programs = [[path.join(folder, 'tcpdump'), '-w', '-']]
  const run = startSupervisor(shell, { programs, network }, { PATH })
  run.child.stdin.write(supervisorWords.release)
  return { code: await run.exited, said: run.stderr() }
}

describe.each(distinctShells)('the supervisor in %s', (...shell) => {
  const usual = () => `${folder}:${process.env.PATH}`

  test.skipIf(cgroup === undefined)('enters the network of a pod through a process in its cgroup', async () => {
    const { said } = await enterPod(shell, usual())
    expect(said).toContain(`kcap-report: using nsenter -t ${processOf.pid} -n -- ${folder}/tcpdump -w -\n`)
  })

  test.skipIf(cgroup === undefined).each([
    ['another address', ['10.99.99.99']],
    ['one more address', ['127.0.0.1', '10.99.99.99']],
    ['another IPv6 address', ['fd00::1:2']],
    ['an address that only begins alike', ['127.0.0.12']],
    ['no address', []],
  ])('does not enter a network for a pod with %s', async (_case, addresses) => {
    const { code, said } = await enterPod(shell, usual(), { ...idOfPod, addresses })
    expect([code, said]).toEqual([127, 'kcap-report: other-pod\n'])
  })

  test('reports a pod without a process on the node', async () => {
    const { code, said } = await enterPod(shell, usual(), { ...idOfPod, uid: randomUUID() })
    expect([code, said]).toEqual([127, 'kcap-report: no-pod\n'])
  })

  test.skipIf(shell[0] === 'busybox')('reports a remote host without nsenter', async () => {
    const bare = path.join(folder, `bare-${shell[0]}`)
    await mkdir(bare)
    for (const program of [shell[0] ?? '', 'date'])
      await symlink(execFileSync('which', [program], { encoding: 'utf8' }).trim(), path.join(bare, program))
    const { code, said } = await enterPod(shell, bare)
    expect([code, said]).toEqual([127, 'kcap-report: missing nsenter\n'])
  })
})

test.each([
  ['10.244.1.17', '10.244.1.17'],
  ['::1', '00000000000000000000000000000001'],
  ['fd00:10:244::7', 'fd000010024400000000000000000007'],
  ['FE80::A:0:0:1', 'fe80000000000000000a000000000001'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['::ffff:10.0.0.1', '00000000000000000000ffff0a000001'],
])("formatAddress(%s) equals the kernel's form", (address, text) => {
  expect(formatAddress(address)).toBe(text)
})
