import { expect, test } from 'vitest'
import type { CaptureLimits } from '../../src/base/capture-request.ts'
import { KcapError } from '../../src/base/kcap-error.ts'
import type { ByteOutput } from '../../src/output/byte-output.ts'
import { makePcapWriter } from '../../src/session/capture-writer.ts'
import { makePacketOutput } from '../../src/session/packet-output.ts'
import { makeProgress } from '../../src/session/session-progress.ts'
import { makeSessionStop } from '../../src/session/session-stop.ts'
import { makeMemoryOutput } from '../support/memory-output.ts'
import { makeRun } from '../support/packets.ts'

async function open(limits: CaptureLimits = {}, write?: ByteOutput['write']) {
  const memory = makeMemoryOutput(write)
  const writer = makePcapWriter(memory)
  const sessionStop = makeSessionStop(new AbortController().signal, () => {})
  const output = makePacketOutput(writer, limits, sessionStop)
  const web = makeProgress('x').addSource('shop/web', false)
  const header = { linkType: 1, snapLength: 100 }
  output.figures[await writer.addInterface({ name: 'shop/web any', description: '', header })] = web
  return { memory, writer, sessionStop, output, web }
}

test('written packets count for their source and their interface', async () => {
  const { output, web } = await open()
  await output.write([makeRun(3, { length: 10 }), makeRun(2, { length: 10 })])
  expect([web.figures.packets, web.figures.bytes, output.delivered]).toEqual([5, 50, [5]])
})

test('a limit ends the capture, and nothing beyond it is written or counted', async () => {
  const { output, sessionStop, web, writer } = await open({ packetCount: 3 })
  await output.write([makeRun(5)])
  await output.write([makeRun(5)])
  await writer.finish([])
  expect([sessionStop.reason(), web.figures.packets, writer.savedPackets]).toEqual(['count', 3, 3])
})

test('a reader that has gone ends the capture', async () => {
  const { output, writer, sessionStop } = await open({}, async () => false)
  await writer.finish([])
  await output.write([makeRun(1)])
  expect([sessionStop.reason(), output.error, output.delivered]).toEqual(['reader gone', undefined, []])
})

test('a failed write ends the capture with its error, and the first failure stays', async () => {
  const full = new KcapError('output-full', 'cannot write "x": no space', { hints: ['df -h'] })
  const { output, writer, sessionStop } = await open({}, () => Promise.reject(full))
  await writer.finish([]).catch(() => {})
  await output.write([makeRun(1)])
  output.fail(new Error('another'))
  expect([sessionStop.reason(), output.error]).toEqual(['output failed', full])
})
