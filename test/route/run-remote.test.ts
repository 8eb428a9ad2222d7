import { PassThrough } from 'node:stream'
import { afterEach, expect, test, vi } from 'vitest'
import type { RemoteExit, RemoteProcess } from '../../src/base/remote-process.ts'
import { listInterfaces, parseInterfaces } from '../../src/route/list-interfaces.ts'
import type { Route } from '../../src/route/route.ts'
import { runRemote } from '../../src/route/run-remote.ts'
import { uploadTcpdump } from '../../src/route/upload-tcpdump.ts'
import { failureOf } from '../support/failure.ts'

afterEach(() => {
  vi.useRealTimers()
})

/** A program that says what a test says. */
function makeProgram() {
  const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()]
  let settle = (_exit: RemoteExit) => {}
  const exited = new Promise<RemoteExit>((resolve) => {
    settle = resolve
  })
  const end = (code: number) => {
    stdout.end()
    stderr.end()
    settle({ kind: 'exited', code })
  }
  const remote: RemoteProcess = { stdout, stderr, stdin, exited, kill: () => end(137) }
  return { stdout, stderr, stdin, end, start: async () => remote }
}

const noSignal = new AbortController().signal
const routeOf = (program: ReturnType<typeof makeProgram>) =>
  ({ via: 'exec', start: program.start, network: { kind: 'here' } }) as unknown as Route

test("a program that never ends is ended after 30 s and is 'capture-program-failed'", async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const program = makeProgram()
  const failing = failureOf(listInterfaces(routeOf(program), noSignal))
  // A hostile one shows that it lives.
  for (let i = 0; i < 30; i++) {
    program.stdout.write('1.eth0\n')
    await vi.advanceTimersByTimeAsync(1_000)
  }
  const error = await failing
  expect([error.code, error.exitCode, error.message]).toEqual([
    'capture-program-failed',
    1,
    'cannot run a program there: it has not ended within 30 s',
  ])
  expect(error.hints).toEqual(['is the node busy? try again'])
})

test('a program is ended with its signal', async () => {
  const program = makeProgram()
  const stop = new AbortController()
  const running = runRemote(program.start, ['sh'], { signal: stop.signal })
  stop.abort(new Error('stopped'))
  await expect(running).rejects.toThrow('stopped')
})

test('of a program that prints without end the beginning is kept', async () => {
  const program = makeProgram()
  const running = runRemote(program.start, ['sh'], { signal: noSignal })
  for (let i = 0; i < 100; i++) {
    program.stdout.write('x'.repeat(100_000))
    program.stderr.write('y'.repeat(100_000))
  }
  program.end(3)
  const { stdout, stderr, exitCode } = await running
  expect([stdout.length, stderr.length, exitCode]).toEqual([100_000, 100_000, 3])
})

test('interfaces are as many, and called as, a kernel may have them', () => {
  expect(parseInterfaces('1.eth0 [Up, Running]\n2.any\nx\n3. \n')).toEqual([
    { name: 'eth0', state: 'Up, Running' },
    { name: 'any', state: '' },
  ])
  expect(parseInterfaces(`1.${'e'.repeat(65)}\n`)).toEqual([])
  expect(parseInterfaces('1.eth0\n'.repeat(5_000)).length).toBe(1_000)
})

test("an upload that is never read is 'capture-program-failed' in three minutes", async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const program = makeProgram()
  const failing = failureOf(uploadTcpdump(routeOf(program), process.execPath, 'shop/web', noSignal))
  program.stdout.write('ready\n')
  await vi.waitFor(() => expect(program.stdin.readableLength).toBeGreaterThan(0), { timeout: 10_000 })
  await vi.advanceTimersByTimeAsync(180_000)
  const error = await failing
  expect([error.code, error.message]).toEqual([
    'capture-program-failed',
    'cannot run a program there: it has not ended within 180 s',
  ])
  expect(program.stdin.readableLength).toBeLessThan(1_000_000)
})

test.each(['no path', '../x abc', `/${'x'.repeat(300)} abc`, '/tmp/$(id) abc'])(
  "an upload that is said to be at %j is 'upload-failed'",
  async (answer) => {
    const program = makeProgram()
    program.stdin.resume()
    const failing = failureOf(uploadTcpdump(routeOf(program), 'package.json', 'shop/web', noSignal))
    program.stdout.write(`ready\n${answer}\n`)
    program.end(0)
    const error = await failing
    expect([error.code, error.exitCode, error.message]).toEqual([
      'upload-failed',
      6,
      'cannot put "package.json" into "shop/web": exit code 0',
    ])
  },
)
