import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { countPackets } from '../support/packets.ts'
import { runCliHere } from '../support/run-cli-here.ts'
import { type KcapRun, runKcap, startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

// The folder's name needs quotes.
const runtime = path.join(await makeTempFolder(), "it's run time")
execFileSync('mkdir', ['-m', '700', runtime])
const listPrivateFolders = () => readdirSync(path.join(runtime, 'kcap'))

interface Served extends KcapRun {
  readonly kubeconfig: string
}

/** A demo cluster whose line has been read by a shell, as a person would have it read. */
async function serve(): Promise<Served> {
  const run = startKcap(['demo', '--serve', '--rate', '200'], { XDG_RUNTIME_DIR: runtime })
  let shown = ''
  run.child.stdout?.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
  })
  await vi.waitFor(() => expect(shown).toMatch(/\n$/), 10_000)
  const kubeconfig = execFileSync('sh', ['-c', `${shown}printenv KUBECONFIG`])
    .toString()
    .replace(/\n$/, '')
  return { ...run, kubeconfig }
}

test('kcap demo --serve keeps a cluster for other commands, and leaves nothing when it is stopped', async () => {
  const { child, ended, kubeconfig } = await serve()
  expect(statSync(kubeconfig).mode & 0o777).toBe(0o600)
  const list = await runKcap(['list', 'pods', '-n', 'prod', '-o', 'name'], { KUBECONFIG: kubeconfig })
  expect([list.code, list.stdout.toString()]).toEqual([0, expect.stringContaining('prod/orders-6c9f')])
  const capture = await runKcap(['svc/orders', '-o', '-', '-q', '--count', '20'], { KUBECONFIG: kubeconfig })
  expect([capture.code, countPackets(capture.stdout)]).toEqual([0, 20])
  child.kill('SIGINT')
  const { code, stdout, stderr } = await ended
  expect(code).toBe(0)
  expect(stdout.toString()).toMatch(/^export 'KUBECONFIG=.*'\n$/)
  expect(stderr).toContain('kcap: the demo cluster runs until Ctrl-C')
  expect(listPrivateFolders()).toEqual([])
})

test.each(['SIGTERM', 'SIGHUP'] as const)(
  '%s ends a served demo with exit code 0, also during a capture',
  async (signal) => {
    const { child, ended, kubeconfig } = await serve()
    const capture = startKcap(['prod/orders-6c9f', '-o', '-', '--reconnect', '0'], { KUBECONFIG: kubeconfig })
    await new Promise((resolve) => capture.child.stdout?.once('data', resolve))
    child.kill(signal)
    expect((await ended).code).toBe(0)
    expect((await capture.ended).stderr).toContain('prod/orders-6c9f')
    expect(listPrivateFolders()).toEqual([])
  },
)

test('several served demos have their own clusters', async () => {
  const served = await Promise.all([serve(), serve(), serve()])
  expect(new Set(served.map(({ kubeconfig }) => kubeconfig)).size).toBe(3)
  const [first, ...others] = served
  first?.child.kill('SIGTERM')
  await first?.ended
  for (const { kubeconfig } of others)
    expect((await runKcap(['list', 'namespaces'], { KUBECONFIG: kubeconfig })).code).toBe(0)
  for (const { child } of others) child.kill('SIGTERM')
  expect(await Promise.all(others.map(async ({ ended }) => (await ended).code))).toEqual([0, 0])
  expect(listPrivateFolders()).toEqual([])
})

test.each([
  [['prod/orders-6c9f'], 'prod/orders-6c9f'],
  [['-o', 'x.pcapng'], '--output'],
  [['--duration', '60'], '--duration'],
  [['--wireshark'], '--wireshark'],
])('kcap demo --serve %j is wrong usage', async (words, shown) => {
  const { code, stdout, stderr } = await runCliHere(['demo', '--serve', ...words])
  expect([code, stdout, stderr.split('\n')[0]]).toEqual([
    2,
    '',
    `kcap: error: cannot use "${shown}" with --serve: it keeps the cluster running and captures nothing`,
  ])
})
