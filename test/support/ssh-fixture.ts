import { expect } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import type { RemoteProcess } from '../../src/base/remote-process.ts'
import type { SshHostName } from '../../src/base/target.ts'
import { connectSsh } from '../../src/ssh/connect-ssh.ts'
import type { SshConnection } from '../../src/ssh/ssh-connection.ts'
import type { ConnectSshOptions } from '../../src/ssh/ssh-context.ts'
import { afterThisTest } from './cleanups.ts'
import { makeSshHome } from './ssh-home.ts'
import { type SshServerOptions, startSshServer } from './ssh-server.ts'

/** Servers, homes and connections that are gone after the test. */
export async function openServer(options: SshServerOptions) {
  const server = await startSshServer(options)
  afterThisTest.add(() => server.close())
  return server
}

export function openHome(...args: Parameters<typeof makeSshHome>) {
  const home = makeSshHome(...args)
  afterThisTest.add(() => home.remove())
  return home
}

export async function openConnection(
  name: SshHostName,
  options: Partial<ConnectSshOptions> = {},
): Promise<SshConnection> {
  const environment = { PATH: process.env.PATH }
  const connection = await connectSsh(name, { signal: new AbortController().signal, environment, ...options })
  afterThisTest.add(() => connection.close())
  return connection
}

/** The KcapError a connection attempt ends with. */
export async function failureOf(attempt: Promise<unknown>): Promise<KcapError> {
  const outcome = await attempt.then(
    () => 'it worked',
    (error: unknown) => error,
  )
  expect(outcome).toBeInstanceOf(KcapError)
  return outcome as KcapError
}

export async function readAll(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

export async function collect(process: RemoteProcess) {
  const [stdout, stderr, exit] = await Promise.all([readAll(process.stdout), readAll(process.stderr), process.exited])
  return { stdout, stderr, exit }
}

export const noSignal = () => new AbortController().signal
