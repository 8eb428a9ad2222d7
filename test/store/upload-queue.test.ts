import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { monotonicClock } from '../../src/base/clock.ts'
import { KcapError } from '../../src/base/kcap-error.ts'
import { startUploadQueue, type WaitingFile } from '../../src/store/upload-queue.ts'

const figures = { packets: 10, bytes: 1_000, firstNs: 1n, lastNs: 2n, interfaces: [], dropped: undefined }

/** A queue whose store does what the test says; pauses last milliseconds. */
function startQueue(store: (file: WaitingFile, signal: AbortSignal, onProgress: () => void) => Promise<void>) {
  const events: string[] = []
  const stored: string[] = []
  let nowMs = 0
  const queue = startUploadQueue({
    store,
    toError: (error, file) =>
      new KcapError('store-failed', `cannot store "${file}": ${(error as Error).message}`, { hints: [] }),
    isSlowDown: (error) => (error as Error).message === 'slow down',
    onStored: async (file) => void stored.push(file),
    tell: (event) => events.push(event),
    clock: {
      nowMs: () => nowMs,
      async sleep(ms, signal) {
        await monotonicClock.sleep(Math.min(ms, 5), signal)
        nowMs += ms
      },
    },
  })
  return { queue, events, stored, advance: (ms: number) => (nowMs += ms) }
}

test('files are stored one after the other, in their order', async () => {
  const { queue, stored } = startQueue(async () => await sleep(1))
  for (const file of ['1', '2', '3']) queue.add(file, figures)
  expect(await queue.finish(60_000)).toEqual({ waiting: [], error: undefined })
  expect([stored, queue.stored]).toEqual([['1', '2', '3'], { files: 3, packets: 30, bytes: 3_000 }])
})

test('an outage is reported once at its beginning and once at its end, and every file is stored after it', async () => {
  let attempts = 0
  const { queue, stored, events } = startQueue(async () => {
    if (++attempts < 8) throw new Error('away')
  })
  queue.add('1', figures)
  queue.add('2', figures)
  while (stored.length < 2) await sleep(5)
  expect(stored).toEqual(['1', '2'])
  expect(events).toEqual([
    'cannot store "1": away; kcap keeps trying, and 2 files wait',
    expect.stringMatching(/^the object store accepts files again after \d+ s$/),
  ])
})

test('a server that asks for fewer requests is reported once in a capture', async () => {
  const failing = new Set([1, 2, 4, 5])
  let attempts = 0
  const { queue, events } = startQueue(async () => {
    if (failing.has(++attempts)) throw new Error('slow down')
  })
  queue.add('1', figures)
  queue.add('2', figures)
  while (queue.stored.files < 2) await sleep(5)
  expect(events.filter((event) => event.includes('slow down')).length).toBe(1)
})

test('a file that the ring removed is lost, and the next file in time has its number', async () => {
  const losses: unknown[] = []
  let isAway = true
  const { queue, events } = startQueue(async ({ lostBefore }) => {
    if (isAway) throw new Error('away')
    losses.push(lostBefore)
  })
  for (const file of ['1', '2', '3', '4']) queue.add(file, figures)
  queue.drop('1')
  queue.drop('2')
  expect(queue.takeLossNote()).toBe(
    '2 files with 20 packets (0.0 MB) before this file were lost: the object store did not take them in time',
  )
  expect(queue.takeLossNote()).toBe(undefined)
  queue.drop('4')
  queue.add('5', figures)
  isAway = false
  await queue.finish(60_000)
  expect(losses).toEqual([
    { files: 2, packets: 20, bytes: 2_000 },
    { files: 1, packets: 10, bytes: 1_000 },
  ])
  expect(queue.lost).toEqual({ files: 3, packets: 30, bytes: 3_000 })
  expect(events).toContain(
    '1 file with 10 packets (0.0 MB) LOST in total: the ring was full before the object store had them',
  )
})

test('a file that was stored is no loss when the ring removes it', async () => {
  const { queue } = startQueue(async () => {})
  queue.add('1', figures)
  await queue.finish(60_000)
  queue.drop('1')
  expect([queue.lost.files, queue.takeLossNote()]).toEqual([0, undefined])
})

test('the ring spares a file while its parts arrive, and aborts its upload otherwise', async () => {
  let arrive = () => {}
  let isAborted = false
  const { queue, advance } = startQueue(async (_file, signal, onProgress) => {
    arrive = onProgress
    await new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => {
        isAborted = true
        reject(signal.reason)
      }),
    )
  })
  queue.add('1', figures)
  expect(queue.chooseRemoved(['1', '2'])).toBe('2')
  advance(31_000)
  expect(queue.chooseRemoved(['1', '2'])).toBe('1')
  arrive()
  expect(queue.chooseRemoved(['1', '2'])).toBe('2')
  queue.drop('1')
  await sleep(10)
  expect(isAborted).toBe(true)
})

test('the end waits no longer than its limit, and returns the files that remain with the last error', async () => {
  const { queue, events } = startQueue(async () => {
    throw new Error('away')
  })
  for (const file of ['1', '2']) queue.add(file, figures)
  const { waiting, error } = await queue.finish(90_000)
  expect(waiting.map(({ path }) => path)).toEqual(['1', '2'])
  expect(error?.message).toBe('cannot store "1": away')
  expect(events).toContain('2 files still to be stored, for up to 87 s')
})
