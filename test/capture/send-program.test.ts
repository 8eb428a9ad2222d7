import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { posixChecksum } from '../../src/base/posix-checksum.ts'
import { sendProgram } from '../../src/capture/send-program.ts'
import { type UploadOptions, uploadTcpdump } from '../../src/capture/upload-tcpdump.ts'
import { largestPieceBytes, smallestPieceBytes } from '../../src/remote/upload-script.ts'
import type { Route } from '../../src/route/route.ts'
import { failureOf } from '../support/failure.ts'
import { makeFakeRemote } from '../support/fake-remote.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const program = Buffer.alloc(300_000, 'x')
const sum = createHash('sha256').update(program).digest('hex')
const file = path.join(await makeTempFolder(), 'tcpdump')
await writeFile(file, program)
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** An upload script whose answers the test chooses. */
function makeScript() {
  const kill = vi.fn()
  const { remote, stdout, stderr, stdin, end } = makeFakeRemote((endRemote) => {
    kill()
    endRemote({ kind: 'lost', error: new KcapError('connection-lost', 'killed') })
  })
  let input = Buffer.alloc(0)
  stdin.on('data', (chunk: Buffer) => {
    input = Buffer.concat([input, chunk])
  })
  const route = { via: 'exec', start: async () => remote, network: { kind: 'here' } } as unknown as Route
  const flush = async () => {
    for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => setImmediate(resolve))
  }
  return {
    kill,
    end,
    stderr,
    route,
    start: route.start,
    input: () => input.toString('latin1'),
    async say(line: string) {
      stdout.write(`${line}\n`)
      await flush()
    },
    /** Takes the whole program, one piece per interval, as far as it is sent. */
    async takeAll(pieceMs: number) {
      await this.say('ready')
      let [at, takenBytes, pieces] = [0, 0, 0]
      while (takenBytes < program.length && at < input.length) {
        const runBytes = Math.min(
          smallestPieceBytes << Number(String.fromCharCode(input[at] ?? 0)),
          program.length - takenBytes,
        )
        at += 2 + runBytes
        takenBytes += runBytes
        for (let left = runBytes; left > 0; left -= largestPieceBytes) {
          await vi.advanceTimersByTimeAsync(pieceMs)
          await this.say('taken')
          pieces += 1
        }
      }
      return { takenBytes, tookMs: pieces * pieceMs }
    },
  }
}

const none = new AbortController().signal
const argv = ['sh']
const send = (script: ReturnType<typeof makeScript>, signal = none, onTaken: (bytes: number) => void = () => {}) =>
  sendProgram(script.start, argv, program, { signal, onTaken })

function startUpload(script: ReturnType<typeof makeScript>, more: Partial<UploadOptions> = {}) {
  const options = { targetName: 'shop/web', signal: none, onUpload: () => {}, log: () => {}, ...more }
  return uploadTcpdump(script.route, file, options)
}
/** What a refusal says after its first words. */
async function refusalOf(upload: Promise<unknown>) {
  const { code, exitCode, message, hints } = await failureOf(upload)
  expect(message.startsWith(`cannot put "${file}" into "shop/web": `)).toBe(true)
  return { code, exitCode, state: message.slice(message.indexOf('": ') + 3).replace(/^.*?": /, ''), hints }
}

test('an upload has no limit while pieces are taken, and its progress is reported', async () => {
  const script = makeScript()
  const taken: number[] = []
  const sending = send(script, none, (bytes) => taken.push(bytes))
  const { tookMs } = await script.takeAll(10_000)
  expect(tookMs).toBeGreaterThan(300_000)
  await script.say(`whole /tmp/kcap-tcpdump-1 ${sum}`)
  expect(await sending).toMatchObject({ kind: 'arrived', path: '/tmp/kcap-tcpdump-1', sum })
  expect([taken.at(-1), taken.length]).toEqual([program.length, tookMs / 10_000])
  expect(taken).toEqual([...taken].sort((a, b) => a - b))
})

test('nothing is sent before the remote side is ready, and two pieces before one is taken', async () => {
  const script = makeScript()
  const stop = new AbortController()
  const sending = send(script, stop.signal).catch(() => {})
  await script.say('alive')
  expect(script.input()).toBe('')
  await script.say('ready')
  await script.say('ready')
  expect(script.input().length).toBe(2 * (2 + smallestPieceBytes))
  stop.abort()
  await sending
})

test.each(['', 'alive', 'taking', 'whole /tmp/x 1'])(
  'an upload of which nothing is taken for 30 s has stalled, whatever is said: %j',
  async (noise) => {
    const script = makeScript()
    const sending = send(script)
    await script.say('ready')
    for (let i = 0; i < 4; i++) await script.say('taken')
    for (let i = 0; i < 30; i++) {
      await vi.advanceTimersByTimeAsync(1_000)
      await script.say(noise)
    }
    expect(await sending).toEqual({ kind: 'stalled', stalledMs: 30_000 })
    expect(script.kill).toHaveBeenCalled()
  },
)

test('acknowledgements of what was never sent are no progress', async () => {
  const script = makeScript()
  const taken: number[] = []
  const sending = send(script, none, (bytes) => taken.push(bytes))
  for (let i = 0; i < 60; i++) {
    await script.say('taken')
    await vi.advanceTimersByTimeAsync(500)
  }
  expect(await sending).toMatchObject({ kind: 'stalled' })
  expect(taken).toEqual([])
})

test('an interrupted upload ends at once', async () => {
  const script = makeScript()
  const stop = new AbortController()
  const sending = send(script, stop.signal)
  await script.say('ready')
  stop.abort(new Error('stopped'))
  await expect(sending).rejects.toThrow('stopped')
  expect(script.kill).toHaveBeenCalled()
})

test('the file is held by heartbeats until it is removed', async () => {
  const script = makeScript()
  const sending = send(script)
  await script.takeAll(1)
  for (let i = 0; i < 3; i++) await script.say(`whole /tmp/kcap-tcpdump-1 ${sum}`)
  const outcome = await sending
  const before = script.input().length
  await vi.advanceTimersByTimeAsync(10_000)
  expect(script.input().slice(before)).toBe('h\nh\n')
  if (outcome.kind === 'arrived') outcome.remove()
  await vi.advanceTimersByTimeAsync(900)
  expect([script.input().slice(before), script.kill.mock.calls.length]).toEqual(['h\nh\nq\n', 0])
  // An older API server doesn't report the end.
  await vi.advanceTimersByTimeAsync(200)
  expect(script.kill).toHaveBeenCalledOnce()
})

test('an upload logs its start and its end, and reports its progress', async () => {
  const script = makeScript()
  const [lines, progress] = [[] as string[], [] as unknown[]]
  const upload = startUpload(script, { log: (line) => lines.push(line), onUpload: (now) => progress.push(now) })
  await vi.waitFor(() => expect(lines.length).toBe(1))
  await script.takeAll(100)
  await script.say(`whole /tmp/kcap-tcpdump-1 ${posixChecksum(program)} ${program.length}`)
  expect((await upload).path).toBe('/tmp/kcap-tcpdump-1')
  expect(lines).toEqual([
    `shop/web: uploading "${file}", 0.3 MB`,
    expect.stringMatching(/^shop\/web: uploaded to \/tmp\/kcap-tcpdump-1, 0\.3 MB in \d\.\d s$/),
  ])
  expect(progress[0]).toEqual({ takenBytes: 0, totalBytes: 300_000 })
  expect(progress.slice(-2)).toEqual([{ takenBytes: 300_000, totalBytes: 300_000 }, undefined])
})

test("an upload that stalls is 'upload-failed'", async () => {
  const script = makeScript()
  const refusal = refusalOf(startUpload(script))
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1))
  await vi.advanceTimersByTimeAsync(30_000)
  expect(await refusal).toEqual({
    code: 'upload-failed',
    exitCode: 6,
    state: 'nothing of it was taken for 30 s',
    hints: ['is the node busy? try again'],
  })
})

test("an upload whose link is cut is 'connection-lost'", async () => {
  const script = makeScript()
  const refusal = refusalOf(startUpload(script))
  const lost = 'cannot continue capturing "shop/web": the connection to "k8s" is lost: nothing was heard for 15 s'
  script.end({ kind: 'lost', error: new KcapError('connection-lost', lost) })
  expect(await refusal).toEqual({
    code: 'connection-lost',
    exitCode: 1,
    state: 'the connection to "k8s" is lost: nothing was heard for 15 s',
    hints: ['nothing of it stays there; start the same command again'],
  })
})

test("a file that is another one there is 'upload-failed', and removed", async () => {
  const script = makeScript()
  const refusal = refusalOf(startUpload(script))
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1))
  await script.takeAll(1)
  await script.say('whole /tmp/kcap-tcpdump-1 0123 300000')
  expect(await refusal).toMatchObject({ code: 'upload-failed', state: 'what arrived there is not what was sent' })
  expect(script.input().endsWith('q\n')).toBe(true)
})

test.each([
  ['failed writing into /tmp failed', 'writing into /tmp failed'],
  ['whole ../x abc', 'exit code 0'],
  ['whole /tmp/kcap-tcpdump-1 abc', 'exit code 0'],
])("an upload that is answered by %j is 'upload-failed'", async (answer, state) => {
  const script = makeScript()
  const refusal = refusalOf(startUpload(script))
  await script.say('ready')
  await script.say(answer)
  script.end({ kind: 'exited', code: 0 })
  expect(await refusal).toEqual({
    code: 'upload-failed',
    exitCode: 6,
    state,
    hints: ['another route: --via ephemeral, --via node-pod'],
  })
})
