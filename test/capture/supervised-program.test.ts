import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { RemoteExit, RemoteProcess } from '../../src/base/remote-process.ts'
import { startSupervised } from '../../src/capture/supervised-program.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { measureLiveHeap } from '../support/live-heap.ts'

/** A supervised program whose standard error says `text`, `times` over. */
async function say(text: string, times = 1) {
  const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()]
  let end = (_exit: RemoteExit) => {}
  const exited = new Promise<RemoteExit>((resolve) => {
    end = resolve
  })
  const remote: RemoteProcess = { stdout, stderr, stdin, exited, kill: () => end({ kind: 'exited', code: 137 }) }
  const program = await startSupervised(async () => remote, ['sh'], new AbortController().signal)
  afterThisTest.add(() => program.kill())
  const chunk = Buffer.from(text.repeat(1_000))
  for (let i = 0; i < times; i++)
    if (!stderr.write(chunk)) await new Promise((resolve) => stderr.once('drain', resolve))
  stderr.end()
  await program.listening
  return { said: program.said, written: () => String(stdin.read() ?? '') }
}

test.each(['missing x', 'no-pod', 'ended 0'])(
  'a remote side that reports "%s" without end takes no memory',
  async (words) => {
    const before = measureLiveHeap()
    const { said } = await say(`kcap-report: ${words}\n`, 250)
    expect(measureLiveHeap() - before).toBeLessThan(1.5e6)
    expect(said.isFlooded).toBe(false)
  },
)

test('what a remote side reports again does not change what it has reported', async () => {
  const first = 'using tcpdump\nclock 1700000000.5\nmissing a\nuncompressed gzip\nended 3\n'
  const again = 'using x\nclock 5.5\nmissing b\nuncompressed b\nended 0\n'
  const text = [...first.trim().split('\n'), ...again.trim().split('\n')]
    .map((line) => `kcap-report: ${line}\n`)
    .join('')
  const { said, written } = await say(`${text}`)
  expect(said).toMatchObject({ command: 'tcpdump', missing: 'a', missingCompressor: 'gzip', endedCode: 3 })
  expect(said.aheadMs?.least).toBeLessThan(0)
  expect(said.aheadMs?.least).toBeGreaterThan(1_700_000_000_000 - Date.now() - 10_000)
  // The supervisor is let go once.
  expect(written()).toBe('r\n')
})

test('impossible counters are unknown, and later ones count', async () => {
  const nines = '9'.repeat(26)
  const { said } = await say(
    `${nines} packets captured\n5 packets received by filter\n${nines} packets dropped by kernel\n`,
  )
  expect(said.counters).toEqual({ captured: undefined, received: 5, dropped: undefined })
})

test('the last 50 lines are kept, each up to 4 KiB', async () => {
  const { said } = await say(`${'x'.repeat(100_000)}\n`)
  expect([said.lines.length, Math.max(...said.lines.map((line) => line.length))]).toEqual([50, 4_096])
})
