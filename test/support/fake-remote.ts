import { PassThrough } from 'node:stream'
import type { RemoteExit, RemoteProcess } from '../../src/base/remote-process.ts'

/** A remote program whose streams and end a test controls. `kill` ends it as SIGKILL does, unless the test says how. */
export function makeFakeRemote(onKill?: (end: (exit: RemoteExit) => void) => void) {
  const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()]
  let settle = (_exit: RemoteExit) => {}
  const exited = new Promise<RemoteExit>((resolve) => {
    settle = resolve
  })
  const end = (exit: RemoteExit) => {
    stdout.end()
    stderr.end()
    settle(exit)
  }
  const kill = () => (onKill === undefined ? end({ kind: 'exited', code: 137 }) : onKill(end))
  const remote: RemoteProcess = { stdout, stderr, stdin, exited, kill }
  return { remote, stdout, stderr, stdin, end }
}
