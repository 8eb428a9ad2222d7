import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { Duplex } from 'node:stream'
import { fileLine } from '../../base/hint.ts'
import { KcapError } from '../../base/kcap-error.ts'
import type { WriteLog } from '../../base/log.ts'
import { killProgram, startCommandLine } from '../../host/start-program.ts'
import { expandSshTokens } from '../config/expand-ssh-path.ts'
import { sshHostLabel, toPlainText } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'

const maxKeptLength = 4096

/**
 * Starts the host's ProxyCommand in the user's shell, which it replaces (`exec`, as in sshconnect.c), and returns a stream through it. Destroying the
 * stream kills the command and its descendants.
 * @throws {KcapError} ssh-failed — when the command cannot start
 */
export async function openProxyCommand(
  host: ResolvedSshHost & { readonly proxyCommand: string },
  { signal, log }: { readonly signal: AbortSignal; readonly log: WriteLog },
): Promise<Duplex> {
  const { alias, port, user } = host
  const command = expandSshTokens(host.proxyCommand, {
    h: host.host,
    k: host.hostKeyAlias ?? alias,
    n: alias,
    p: String(port),
    r: user,
  })
  signal.throwIfAborted()
  const line = process.platform === 'win32' ? command : `exec ${command}`
  const child = await startCommandLine(line).catch((error: Error) => {
    throw proxyFailed(host, `cannot be started: ${error.message}`)
  })
  const stream = toStream(child, host, log)
  const onAbort = () => stream.destroy()
  signal.addEventListener('abort', onAbort, { once: true })
  stream.once('close', () => signal.removeEventListener('abort', onAbort))
  return stream
}

function toStream(child: ChildProcessWithoutNullStreams, host: ResolvedSshHost, log: WriteLog): Duplex {
  const { stdin, stdout, stderr } = child
  let said = ''
  stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-maxKeptLength)
  })
  stdin.on('error', () => {})
  stdout.pause()
  let isHeard = false
  const stream: Duplex = new Duplex({
    read: () => void stdout.resume(),
    write: (chunk: Buffer, _encoding, callback) => void stdin.write(chunk, () => callback()),
    final: (callback) => void stdin.end(() => callback()),
    destroy(error, callback) {
      killProgram(child)
      callback(error)
    },
  })
  stdout.on('data', (chunk: Buffer) => {
    isHeard = true
    if (!stream.push(chunk)) stdout.pause()
  })
  child.once('close', (code) => {
    const lastLine = toPlainText(said.trimEnd().split('\n').at(-1) ?? '')
    if (lastLine !== '') log(`the ProxyCommand of "${host.alias}" said: ${lastLine}`)
    if (isHeard || stream.destroyed) stream.push(null)
    else
      stream.destroy(
        proxyFailed(host, `ended with exit code ${code ?? 'none'}${lastLine === '' ? '' : `: ${lastLine}`}`),
      )
  })
  return stream
}

function proxyFailed(host: ResolvedSshHost, state: string): KcapError {
  return new KcapError('ssh-failed', `cannot reach "${sshHostLabel(host)}": its ProxyCommand ${state}`, {
    hints: [fileLine(`ProxyCommand ${toPlainText(host.proxyCommand ?? '')}`), '--jump-host none goes there directly'],
  })
}
