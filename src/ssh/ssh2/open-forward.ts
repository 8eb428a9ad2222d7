import type { Client, ClientChannel } from 'ssh2'
import { line } from '../../base/hint.ts'
import { jumpFailed, sshHostLabel, toPlainText } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'
import { widenWindow } from './widen-window.ts'

/**
 * Opens a stream to `host` through a jump host (`direct-tcpip`, https://www.rfc-editor.org/rfc/rfc4254#section-7.2). Rejects with the signal's reason
 * when aborted.
 * @throws {KcapError} ssh-jump-failed — when the jump host refuses, does not answer or has closed the connection
 */
export function openForward(
  client: Client,
  jump: ResolvedSshHost,
  host: ResolvedSshHost,
  signal: AbortSignal,
): Promise<ClientChannel> {
  const label = sshHostLabel(jump)
  return new Promise((resolve, reject) => {
    const refuse = (state: string, cause?: unknown) => {
      settle()
      const hints = [
        line(
          'ssh',
          '-J',
          `${jump.user}@${jump.host}:${jump.port}`,
          '-p',
          String(host.port),
          `${host.user}@${host.host}`,
        ),
      ]
      reject(jumpFailed(host, `"${label}" ${state}`, hints, cause))
    }
    const onAbort = () => {
      settle()
      reject(signal.reason)
    }
    const timer = setTimeout(
      () => refuse(`got no answer within ${host.connectTimeoutMs / 1000} s`),
      host.connectTimeoutMs,
    )
    function settle(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) return onAbort()
    try {
      client.forwardOut('127.0.0.1', 0, host.host, host.port, (error, stream) => {
        if (error) return refuse(toRefusal(error), error)
        settle()
        widenWindow(client, stream)
        resolve(stream)
      })
    } catch (error) {
      refuse('closed the connection', error)
    }
  })
}

/** Returns the refusal in words. The reason codes are those of https://www.rfc-editor.org/rfc/rfc4254#section-5.1. */
function toRefusal(error: Error & { reason?: unknown }): string {
  if (error.reason === 1) return 'does not let this user forward connections'
  if (error.reason === 2) return `cannot reach it (${toPlainText(error.message.replace(/^.*failure: /, ''))})`
  return `did not open a connection to it: ${toPlainText(error.message)}`
}
