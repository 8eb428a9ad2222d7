import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { beforeAll, describe, expect } from 'vitest'
import { parseBlocks } from '../support/packets.ts'
import { startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { expectNoCaptures, findPod, kubectl, lab, realTest, runLab, tshark } from './lab.ts'
import { startWitness } from './witness.ts'

const run = promisify(execFile)
const environment = { KUBECONFIG: lab.kubeconfig }
/** Limit in seconds by which the time order may go back without a comment: the window. */
const windowSeconds = 0.2
let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

interface Request {
  readonly timeSeconds: number
  readonly interfaceName: string
  /** `10.244.0.7 /orders/12` */
  readonly what: string
}

async function readRequests(file: string): Promise<Request[]> {
  const fields = ['frame.time_epoch', 'frame.interface_name', 'ip.dst', 'http.request.uri'].flatMap((field) => [
    '-e',
    field,
  ])
  const text = await tshark(
    file,
    '-d',
    'tcp.port==8080,http',
    '-Y',
    'http.request && tcp.dstport == 8080',
    '-T',
    'fields',
    ...fields,
  )
  return text
    .split('\n')
    .filter((line) => line.includes('/orders/'))
    .map((line) => {
      const [time, interfaceName = '', address, uri] = line.split('\t')
      return { timeSeconds: Number(time), interfaceName, what: `${address} ${uri}` }
    })
}

describe('the capture of a service whose pods are replaced and deleted', () => {
  let file: string
  let requests: Request[]
  let witnessed: Request[]
  let stderr: string
  let lived: Set<string>
  beforeAll(async () => {
    if (lab.command === '') return
    file = path.join(folder, 'orders.pcapng')
    const names = async () =>
      (await kubectl('get', 'pods', '-n', 'shop', '-l', 'app=orders', '-o', 'name'))
        .trim()
        .split('\n')
        .map((name) => name.slice(4))
    const seen = new Set(await names())
    const stopWitness = await startWitness('cni0', 'tcp port 8080', path.join(folder, 'witness.pcap'))
    const capture = startKcap(['svc/orders', '-n', 'shop', '--duration', '25', '-o', file], environment)
    await sleep(4_000)
    await kubectl('rollout', 'restart', '-n', 'shop', 'deploy/orders')
    for (let i = 0; i < 18; i++) {
      await sleep(1_000)
      for (const name of await names()) seen.add(name)
      if (i === 6) await kubectl('delete', 'pod', '-n', 'shop', '--wait=false', [...seen].at(-1) ?? '')
    }
    const { code, stderr: said } = await capture.ended
    stderr = said
    expect([code, said]).toEqual([0, expect.stringContaining('duration reached')])
    await stopWitness()
    await kubectl('rollout', 'status', '-n', 'shop', 'deploy/orders')
    requests = await readRequests(file)
    witnessed = await readRequests(path.join(folder, 'witness.pcap'))
    lived = seen
  }, 120_000)

  realTest('has an interface for each pod that lived', async () => {
    const described = parseBlocks(await readFile(file)).flatMap(({ type, options }) =>
      type === 1
        ? [
            options(8)
              .get(2)?.[0]
              ?.toString()
              .replace(/^shop\/(\S+) any$/, '$1'),
          ]
        : [],
    )
    expect(described.length).toBeGreaterThanOrEqual(4)
    expect(new Set(described)).toEqual(lived)
  })

  realTest('has every request that a pod got while it was captured, exactly once', async () => {
    expect(requests.length).toBeGreaterThan(20)
    for (const name of new Set(requests.map(({ interfaceName }) => interfaceName))) {
      const own = requests.filter(({ interfaceName }) => interfaceName === name)
      const [first, last] = [own[0]?.timeSeconds ?? 0, own.at(-1)?.timeSeconds ?? 0]
      const address = own[0]?.what.split(' ')[0] ?? ''
      // The bridge and the pod's own end see a packet at slightly different times.
      const isBetween = ({ timeSeconds }: Request) => timeSeconds > first + 0.05 && timeSeconds < last - 0.05
      const [got, all] = [own, witnessed].map((some) => some.map(({ what }) => what)) as [string[], string[]]
      const expected = witnessed.filter((one) => one.what.startsWith(`${address} `) && isBetween(one))
      expect(expected.filter(({ what }) => !got.includes(what))).toEqual([])
      expect(all.filter((what) => got.includes(what))).toEqual(got)
      expect(new Set(own.map(({ what }) => what)).size).toBe(own.length)
    }
  })

  realTest('is in time order within the window, except where a comment says how late the packet is', async () => {
    const fields = ['frame.time_epoch', 'frame.interface_name', 'frame.comment'].flatMap((field) => ['-e', field])
    const lines = (await tshark(file, '-T', 'fields', ...fields)).trim().split('\n')
    let latest = 0
    const saidSeconds = new Map<string, number>()
    const untold = lines.filter((line) => {
      const [time, interfaceName = '', comment = ''] = line.split('\t')
      const said = /([\d.]+) s earlier than the packet above/.exec(comment)?.[1]
      if (said !== undefined) saidSeconds.set(interfaceName, Number(said))
      const backSeconds = latest - Number(time)
      latest = Math.max(latest, Number(time))
      return backSeconds > Math.max(windowSeconds, 2 * (saidSeconds.get(interfaceName) ?? 0)) + 0.01
    })
    expect(untold).toEqual([])
  })

  realTest('reports pods that join and end, also in a comment at their first packets', async () => {
    expect(stderr).toMatch(/^kcap: shop\/orders-\S+ joined the capture$/m)
    expect(stderr).toMatch(/^kcap: shop\/orders-\S+ has (ended|gone)$/m)
    const comments = await tshark(file, '-Y', 'frame.comment', '-T', 'fields', '-e', 'frame.comment')
    expect(comments).toMatch(/^shop\/orders-\S+ joined the capture$/m)
  })

  realTest('shows names of pods and services', async () => {
    const { stdout } = await run('tshark', ['-N', 'n', '-r', file, '-c', '200'], { maxBuffer: 1e8 })
    expect(stdout).toMatch(/loadgen\.shop → orders-\S+\.shop /)
    const hosts = (await run('tshark', ['-r', file, '-q', '-z', 'hosts'], { maxBuffer: 1e8 })).stdout
    expect(hosts).toMatch(/\torders\.shop\.svc$/m)
  })

  realTest('has the number of packets that the kernel dropped, for the pods at the end', async () => {
    const dropped = parseBlocks(await readFile(file)).flatMap(({ type, options }) =>
      type === 5 ? [options(12).get(5)?.[0]?.readBigUInt64LE()] : [],
    )
    expect(dropped.length).toBeGreaterThanOrEqual(4)
    expect(dropped.filter((count) => count === 0n).length).toBeGreaterThanOrEqual(2)
    await expectNoCaptures()
  })
})

realTest('a killed container resumes as the same interface', async () => {
  const file = path.join(folder, 'restart.pcapng')
  const pod = await findPod('orders')
  const capture = startKcap(['deploy/orders', '-n', 'shop', '-c', 'api', '--duration', '20', '-o', file], environment)
  await sleep(4_000)
  await runLab('fault', 'kill-container', pod, 'api', 'shop')
  const { code, stderr } = await capture.ended
  expect(code).toBe(0)
  expect(stderr).toContain(`kcap: container "api" of shop/${pod} was restarted; captured again\n`)
  const comments = await tshark(
    file,
    '-Y',
    'frame.comment',
    '-T',
    'fields',
    '-e',
    'frame.interface_name',
    '-e',
    'frame.comment',
  )
  expect(comments).toMatch(
    new RegExp(
      `^shop/${pod} any\tcontainer "api" of shop/${pod} was restarted: about [\\d.]+ s are missing before this packet$`,
      'm',
    ),
  )
  expect(parseBlocks(await readFile(file)).filter(({ type }) => type === 1).length).toBe(2)
})
