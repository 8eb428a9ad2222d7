import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect } from 'vitest'
import { makePcapReader } from '../../src/packets/pcap-reader.ts'
import { measureGrowth } from '../soak/growth.ts'
import { programPath } from '../support/run-kcap.ts'
import { expectNoCaptures, findPod, hasLab, kubectl, lab, realTest } from './lab.ts'

const streamBytes = 1_000_000_000
/** 600 are run by hand: KCAP_SLOW_SECONDS=600. */
const slowSeconds = Number(process.env.KCAP_SLOW_SECONDS ?? 20)
const slowBytesPerSecond = 1_000_000
let pod = ''
beforeAll(async () => {
  if (hasLab) pod = await findPod('orders')
})

realTest(
  `1 GB through a reader of 1 MB/s for ${slowSeconds} s keeps memory flat and loses no packet of tcpdump`,
  async () => {
    const child = spawn(
      process.execPath,
      [programPath, `shop/${pod}`, '-i', 'lo', '--port', '8080', '-o', '-', '--format', 'pcap', '--json'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, KUBECONFIG: lab.kubeconfig },
      },
    )
    let stderr = ''
    child.stderr.on('data', (chunk) => (stderr += chunk))
    const exited = new Promise<number | null>((resolve) => child.on('close', resolve))
    const reader = makePcapReader('standard output')
    let bytes = 0
    let packets = 0
    let peakKb = 0
    let slowSinceMs: number | undefined
    let slowUntilMs = 0
    const slowSamples: { atSeconds: number; value: number }[] = []
    const watch = setInterval(() => {
      readFile(`/proc/${child.pid}/status`, 'utf8').then(
        (status) => {
          peakKb = Math.max(peakKb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]))
          if (slowSinceMs === undefined || Date.now() > slowUntilMs) return
          const mib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
          slowSamples.push({ atSeconds: (Date.now() - slowSinceMs) / 1000, value: mib })
        },
        () => {},
      )
    }, 200)

    // Traffic as fast as the pod makes it, until enough has come through.
    let isEnough = false
    const traffic = (async () => {
      while (!isEnough)
        await kubectl(
          '-n',
          'shop',
          'exec',
          pod,
          '-c',
          'api',
          '--',
          'curl',
          '-s',
          '-o',
          '/dev/null',
          '--max-time',
          '60',
          'http://127.0.0.1:8080/bytes/500000000',
        ).catch(() => '')
    })()
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      bytes += chunk.length
      for (const batch of reader.push(chunk)) packets += batch.count
      if (slowSinceMs === undefined && bytes > streamBytes / 4) {
        slowSinceMs = Date.now()
        slowUntilMs = slowSinceMs + slowSeconds * 1000
      }
      if (Date.now() < slowUntilMs) await sleep((chunk.length / slowBytesPerSecond) * 1000)
      if (bytes > streamBytes && !isEnough) {
        isEnough = true
        child.kill('SIGINT')
      }
    }
    clearInterval(watch)
    expect(await exited, stderr).toBe(0)
    await traffic
    const summary = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as {
      packets: number
      sources: { captured: number; dropped: number }[]
    }
    const slow = measureGrowth(slowSamples)
    const note = `peak ${Math.round(peakKb / 1024)} MiB, ${packets} packets, ${(bytes / 1e9).toFixed(2)} GB, ${summary.sources[0]?.dropped} dropped by the kernel there; while slow ${slow.firstQuarter.toFixed(1)} → ${slow.lastQuarter.toFixed(1)} MiB (${slow.perTenMinutes.toFixed(1)} per 10 min)`
    console.log(note)
    expect([reader.failure, reader.pendingLength]).toEqual([undefined, 0])
    expect(summary.packets).toBe(packets)
    expect(summary.sources[0]?.captured).toBe(packets)
    expect(peakKb / 1024).toBeLessThan(150)
    expect(slow.lastQuarter).toBeLessThan(slow.firstQuarter * 1.1 + 2)
    await expectNoCaptures(5_000)
  },
  slowSeconds * 1_000 + 180_000,
)
