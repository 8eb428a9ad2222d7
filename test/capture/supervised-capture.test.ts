import { PassThrough } from 'node:stream'
import { afterEach, expect, test, vi } from 'vitest'
import type { RemoteExit, RemoteProcess } from '../../src/base/remote-process.ts'
import { openSupervisedCapture } from '../../src/capture/supervised-capture.ts'
import { failureOf } from '../support/failure.ts'

afterEach(() => {
  vi.useRealTimers()
})

/** A program on a remote side that is reached and says nothing of its own accord. */
function makeSilentProcess(): RemoteProcess & { readonly stderr: PassThrough } {
  const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()]
  stdin.resume()
  let end = (_exit: RemoteExit) => {}
  const exited = new Promise<RemoteExit>((resolve) => {
    end = resolve
  })
  const kill = () => {
    stdout.end()
    stderr.end()
    end({ kind: 'exited', code: 137 })
  }
  return { stdout, stderr, stdin, exited, kill }
}

test('a capture program that sends nothing for 30 s is said to be silent, with its last words', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  const remote = makeSilentProcess()
  remote.stderr.write('tcpdump: looking up db.example\n')
  const failing = failureOf(
    openSupervisedCapture({
      name: 'shop/orders',
      interfaceName: 'any',
      argv: ['tcpdump'],
      hasFilter: true,
      isCompressed: false,
      entersPod: false,
      start: async () => remote,
      signal: new AbortController().signal,
    }),
  )
  await vi.advanceTimersByTimeAsync(30_000)
  const error = await failing
  expect([error.code, error.exitCode, error.message]).toEqual([
    'capture-program-failed',
    1,
    'cannot capture in "shop/orders": the capture program sent nothing within 30 s: tcpdump: looking up db.example',
  ])
  expect(error.hints[0]).toBe('name hosts in the filter by address, not by name')
})
