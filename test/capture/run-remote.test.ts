import { afterEach, expect, test, vi } from 'vitest'
import { listInterfaces } from '../../src/capture/list-interfaces.ts'
import { runRemote } from '../../src/capture/run-remote.ts'
import type { Route } from '../../src/route/route.ts'
import { failureOf } from '../support/failure.ts'
import { makeFakeRemote } from '../support/fake-remote.ts'

afterEach(() => {
  vi.useRealTimers()
})

/** A program that says what a test says. */
function makeProgram() {
  const { remote, stdout, stderr, stdin, end: endWith } = makeFakeRemote()
  const end = (code: number) => endWith({ kind: 'exited', code })
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
