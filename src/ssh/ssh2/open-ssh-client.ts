import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import ssh2, { type Algorithms, type Client } from 'ssh2'
import type { WriteLog } from '../../base/log.ts'
import type { HostKeyCheck } from '../config/host-key-check.ts'
import { sshTimeout, toPlainText, toSshError } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'
import type { Ssh2Algorithms } from './ssh-algorithms.ts'
import type { SshLogin } from './ssh-login.ts'

export interface SshClientOptions {
  readonly socket: Duplex
  readonly hostKeyCheck: HostKeyCheck
  readonly login: SshLogin
  readonly algorithms: Ssh2Algorithms
  readonly keepaliveIntervalMs: number
  readonly signal: AbortSignal
  readonly log: WriteLog
}

/** Time limit for each step of a login; time spent asking the user does not count. */
const stepTimeoutMs = 30_000
/** Number of banners that are logged. */
const mostBanners = 10
const maxBannerLength = 4_000

/**
 * Performs the handshake, checks the host key and logs in over an open stream. Destroys the stream if that fails. Rejects with the signal's reason
 * when aborted.
 * @throws {KcapError} ssh-* — when one of these steps fails
 */
export function openSshClient(host: ResolvedSshHost, options: SshClientOptions): Promise<Client> {
  const { socket, hostKeyCheck, login, signal, log } = options
  const client = new ssh2.Client()
  return new Promise((resolve, reject) => {
    let phase: 'handshake' | 'login' = 'handshake'
    let settled = false
    let silence: NodeJS.Timeout | undefined
    function expectAnswer(timeoutMs: number): void {
      clearTimeout(silence)
      if (settled) return
      silence = setTimeout(() => {
        if (login.isWaitingForUser()) expectAnswer(timeoutMs)
        else fail(sshTimeout(host, `no answer during the ${phase}`))
      }, timeoutMs)
    }

    function settle(): boolean {
      if (settled) return false
      settled = true
      clearTimeout(silence)
      signal.removeEventListener('abort', onAbort)
      client.off('error', onError).off('close', onClose)
      return true
    }
    function fail(error: unknown): void {
      if (!settle()) return
      client.destroy()
      socket.destroy()
      reject(error)
    }
    const onAbort = () => fail(signal.reason)
    const onClose = () =>
      fail(
        phase === 'login'
          ? login.failure('the host closed the connection')
          : toSshError(new Error('Connection lost before handshake'), host),
      )
    const onError = (error: Error & { level?: string }) => {
      // A key could not sign; ssh2 continues with the next one.
      if (error.level === 'agent') return log(`a key could not be used: ${error.message}`)
      const isRefusal = error.level === 'client-authentication' || /authentication failures/i.test(error.message)
      if (phase === 'login' && isRefusal) {
        fail(login.failure(error.level === undefined ? 'the host gave up after too many keys' : undefined))
      } else fail(toSshError(error, host))
    }

    // ssh2 may emit more than one error for one cause. Without a listener, any of them would end the process.
    client
      .on('error', () => {})
      .on('error', onError)
      .on('close', onClose)
    let bannersLeft = mostBanners
    client.on('banner', (message) => {
      if (bannersLeft-- > 0) log(`"${host.host}" says: ${toPlainText(message.slice(0, maxBannerLength))}`)
    })
    client.once('handshake', (chosen) => {
      phase = 'login'
      expectAnswer(stepTimeoutMs)
      log(`"${host.host}" uses ${chosen.kex}, ${chosen.serverHostKey}, ${chosen.sc.cipher}`, {
        component: 'ssh',
        algorithms: { keyExchange: chosen.kex, hostKey: chosen.serverHostKey, cipher: chosen.sc.cipher },
      })
    })
    client.once('ready', () => {
      if (settle()) resolve(client)
    })
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) return onAbort()

    expectAnswer(host.connectTimeoutMs)
    client.connect({
      sock: socket,
      username: host.user,
      readyTimeout: 0,
      // ssh2 only sends the pings; holdConnection() explains why it does not count the answers.
      keepaliveInterval: options.keepaliveIntervalMs,
      keepaliveCountMax: Number.POSITIVE_INFINITY,
      algorithms: options.algorithms as Algorithms,
      hostVerifier: (key: Buffer, verify: (accepted: boolean) => void) => {
        clearTimeout(silence) // the user may be asked
        hostKeyCheck.verify(key, socket instanceof Socket ? socket.remoteAddress : undefined).then(
          (trust) => {
            if (trust === 'unproven') login.withholdPasswords()
            expectAnswer(stepTimeoutMs)
            verify(true)
          },
          (error) => {
            fail(error)
            // A host key that changes during a connection ends it.
            verify(false)
          },
        )
      },
      authHandler: (left, partialSuccess, next) => {
        expectAnswer(stepTimeoutMs)
        login.authHandler(
          left,
          partialSuccess,
          (attempt) => {
            if (!settled) next(attempt)
          },
          (state) => fail(login.failure(state)),
        )
      },
    })
  })
}
