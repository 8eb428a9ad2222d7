import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { CaptureRequest } from '../../src/base/capture-request.ts'
import { KcapError } from '../../src/base/kcap-error.ts'
import { makePcapngWriter } from '../../src/session/capture-writer.ts'
import { makeKeyWriter } from '../../src/session/write-keys.ts'
import { makeCaptureRequest } from '../support/capture-request.ts'
import { makeMemoryOutput } from '../support/memory-output.ts'
import { makeRun } from '../support/packets.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const keyLogFile = path.join(await makeTempFolder(), 'keys.log')

// Lines of this label belong in the capture as soon as they come.
const line = (i: number) => `RSA ${i.toString(16).padStart(16, '0')} ${'ab'.repeat(48)}\n`

async function open(more: Partial<CaptureRequest>) {
  const output = makeMemoryOutput()
  const writer = makePcapngWriter(output, { application: '', os: '', comment: '', filter: '' })
  const header = { linkType: 1, snapLength: 100 }
  await writer.addInterface({ name: 'shop/web any', description: '', header })
  await writer.writeRuns([makeRun(1)])
  const told: string[] = []
  const failures: unknown[] = []
  const keys = makeKeyWriter({
    request: makeCaptureRequest('x', { targets: [], ...more }),
    writer,
    fail: (error) => failures.push(error),
    tell: (event) => told.push(event),
  })
  const written = async () => {
    await writer.finish([])
    return output.bytes().toString('latin1')
  }
  return { keys, told, failures, written }
}

test('the keys of a file on this machine are in the capture', async () => {
  await writeFile(keyLogFile, line(1) + line(2))
  const { keys, written } = await open({ keyLogFile })
  await keys.followFile(AbortSignal.timeout(100))
  expect(await written()).toContain(line(1) + line(2))
})

test('keys that no packet is known to need take a quarter of --max-size at most', async () => {
  await writeFile(keyLogFile, Array.from({ length: 2_000 }, (_, i) => line(i)).join(''))
  const { keys, written } = await open({ keyLogFile, limits: { outputBytes: 100_000 } })
  await keys.followFile(AbortSignal.timeout(100))
  const { length } = await written()
  expect(length).toBeGreaterThan(20_000)
  expect(length).toBeLessThan(26_000)
})

test('a key log that is not there yet is reported, and one that is no file too', async () => {
  const missing = await open({ keyLogFile: `${keyLogFile}-none` })
  await missing.keys.followFile(AbortSignal.timeout(100))
  expect(missing.told).toEqual([`${keyLogFile}-none is not there yet: its keys are taken when it comes`])
  const folder = path.dirname(keyLogFile)
  const wrong = await open({ keyLogFile: folder })
  await wrong.keys.followFile(AbortSignal.timeout(100))
  expect(wrong.told).toEqual([expect.stringMatching(`^no keys from ${folder}: `)])
})

test('a route that cannot be opened leaves the capture without its keys, and says why', async () => {
  const { keys, told, failures } = await open({ remoteKeyLogPath: '/tmp/keys.log' })
  const gone = new KcapError('pod-not-found', 'cannot capture "web": the pod is gone')
  const { signal } = new AbortController()
  await keys.followRemote('shop/web', () => Promise.reject(gone), { onBegun() {}, signal })
  expect([told, failures]).toEqual([
    ['no keys from /tmp/keys.log in shop/web: cannot capture "web": the pod is gone'],
    [],
  ])
})
