import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, expect } from 'vitest'
import { afterThisTest } from '../support/cleanups.ts'
import { programPath, startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { capinfos, findPod, lab, realTest, tshark } from './lab.ts'

// A link has no snap length.
delete process.env.KCAP_SNAPLEN

let folder: string
beforeEach(async () => {
  folder = await makeTempFolder()
})

/** Starts kcap on the lab; settles when it has printed what the pattern names. */
async function start(words: readonly string[], pattern: RegExp) {
  const kcap = startKcap(words, { KUBECONFIG: lab.kubeconfig })
  afterThisTest.add(() => kcap.child.kill('SIGKILL'))
  let said = ''
  kcap.child.stderr?.on('data', (chunk) => (said += chunk))
  await expect.poll(() => said, { timeout: 30_000 }).toMatch(pattern)
  return { ...kcap, match: pattern.exec(said) as RegExpExecArray }
}

/** A reader of a link: kcap in front of tshark, as a shell joins them. */
function startTshark(link: string, file: string): ChildProcess {
  const line = '"$1" "$2" "$3" -q -o - | tshark -q -i - -w "$4"'
  const child = spawn('sh', ['-c', line, 'sh', process.execPath, programPath, link, file], { stdio: 'ignore' })
  afterThisTest.add(() => child.kill('SIGKILL'))
  return child
}

const fields = ['-T', 'fields', '-e', 'frame.time_epoch', '-e', 'frame.len', '-e', 'tcp.payload']

realTest(
  'two tsharks read a capture of a service, each from its joining on what the file has, byte for byte',
  async () => {
    const file = path.join(folder, 'own.pcapng')
    const words = ['svc/orders', '-n', 'shop', '--serve', '--duration', '15', '-o', file]
    const sharing = await start(words, /sharing at (\S+)/)
    const [, link = ''] = sharing.match
    const [early, late] = ['early.pcapng', 'late.pcapng'].map((name) => path.join(folder, name)) as [string, string]
    const first = startTshark(link, early)
    await sleep(5_000)
    const second = startTshark(link, late)
    const { code, stderr } = await sharing.ended
    await Promise.all([first, second].map(async (child) => child.exitCode ?? (await once(child, 'exit'))))
    expect(code).toBe(0)
    expect(stderr).toMatch(/ joined \(2 readers\)/)
    const [whole, ...readers] = await Promise.all([file, early, late].map((name) => tshark(name, ...fields)))
    const counts = readers.map((text) => text.split('\n').length)
    expect(counts[1]).toBeGreaterThan(100)
    expect(counts[0]).toBeGreaterThan(counts[1] as number)
    for (const text of readers) expect(whole?.endsWith(text)).toBe(true)
    const names = async (of: string) => (await capinfos(of)).match(/Name = .*/g)
    expect(await names(early)).toEqual(await names(file))
  },
)

realTest('a foreign PCAP-over-IP server is merged with a pod, in order of time', async () => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  const listen = `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr`
  // It sees its own stream too: a whole packet of it would make the next one larger.
  const server = spawn('socat', ['-u', 'EXEC:tcpdump -i lo -s 96 -U -w - not port 22', listen], { stdio: 'ignore' })
  afterThisTest.add(() => server.kill('SIGTERM'))
  await sleep(1_000)
  const pod = await findPod('orders')
  const file = path.join(folder, 'both.pcapng')
  const words = [`tcp://127.0.0.1:${port}`, `shop/${pod}`, '--duration', '8', '-o', file]
  const { code, stderr } = await startKcap(words, { KUBECONFIG: lab.kubeconfig }).ended
  expect([code, stderr]).toEqual([0, expect.stringMatching(`tcp://127.0.0.1:${port} +[\\d,]+ `)])
  const names = (await capinfos(file)).match(/Name = .*/g)
  expect(names?.sort()).toEqual([`Name = shop/${pod} any`, `Name = tcp://127.0.0.1:${port} stream`])
  const times = (await tshark(file, '-T', 'fields', '-e', 'frame.time_epoch')).trim().split('\n').map(Number)
  expect(times.length).toBeGreaterThan(50)
  const late = times.filter((time, i) => i > 0 && time < (times[i - 1] as number))
  expect(late).toEqual([])
})

realTest('a reader of a killed capture reports the lost connection and keeps its packets', async () => {
  const sharing = await start(
    ['svc/orders', '-n', 'shop', '--serve', '-o', path.join(folder, 'own.pcapng')],
    /sharing at (\S+)/,
  )
  const [, link = ''] = sharing.match
  const file = path.join(folder, 'read.pcapng')
  const reading = startKcap([link, '-o', file, '--reconnect', '2s'])
  await expect
    .poll(
      () =>
        readFile(file).then(
          ({ length }) => length,
          () => 0,
        ),
      { timeout: 30_000 },
    )
    .toBeGreaterThan(5_000)
  sharing.child.kill('SIGKILL')
  await sharing.ended
  const { code, stderr } = await reading.ended
  expect(code).not.toBe(0)
  expect(stderr).toContain('the connection is lost: ')
  expect((await tshark(file)).split('\n').length).toBeGreaterThan(10)
})
