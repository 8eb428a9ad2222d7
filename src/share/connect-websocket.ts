import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { Readable } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'
import WebSocket from 'ws'
import type { KcapError } from '../base/kcap-error.ts'
import { linkSignals } from '../base/link-signals.ts'
import { readChunks } from '../base/read-chunks.ts'
import { formatAuthority } from '../base/share-link.ts'
import type { StreamName } from '../base/target.ts'
import { watchSilence } from '../base/watch-silence.ts'
import { maxSilenceMs, subprotocol } from './protocol.ts'
import type { StreamConnection } from './stream-connection.ts'
import { streamError, streamLost, toStreamError } from './stream-error.ts'

/** Time limit of the connection, its TLS handshake and the upgrade. */
const connectTimeoutMs = 15_000
/** Time after which a connection that does not answer a close is dropped. */
const closeTimeoutMs = 2_000
/** Number of bytes that wait for a slow caller before the socket is no longer read. */
const highWaterMark = 256 * 1024
/** Maximum size of a message: kcap sends 256 KiB, or one block of names. */
const maxMessageBytes = 32 * 1024 * 1024

type SharedName = Extract<StreamName, { readonly protocol: 'kcaps' }>

/**
 * Connects to a capture that kcap shares. The token leaves this machine only after the certificate was checked.
 * @throws {KcapError} stream-unreachable, stream-certificate, stream-refused — when the stream can't be read
 */
export async function connectWebSocket(name: SharedName, signal: AbortSignal): Promise<StreamConnection> {
  const { signal: deadline, unlink } = linkSignals(signal, AbortSignal.timeout(connectTimeoutMs))
  try {
    const secured = await connectTls(name, deadline)
    return wrapClient(await upgrade(name, secured, deadline), secured, name)
  } catch (error) {
    signal.throwIfAborted()
    if (deadline.aborted) throw toStreamError(name, Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' }))
    throw toStreamError(name, error as Error)
  } finally {
    unlink()
  }
}

async function connectTls(name: SharedName, deadline: AbortSignal): Promise<TLSSocket> {
  const { host, port, fingerprint } = name
  const socket = connect({
    host,
    port,
    servername: isIP(host) === 0 ? host : undefined,
    // The fingerprint names the one certificate, whoever has signed it.
    rejectUnauthorized: fingerprint === undefined,
    minVersion: 'TLSv1.2',
  })
  const abort = () => socket.destroy(deadline.reason)
  deadline.addEventListener('abort', abort, { once: true })
  try {
    if (deadline.aborted) abort()
    await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
    const found = socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase()
    if (fingerprint === undefined || found === fingerprint) return socket
    throw streamError('stream-certificate', name, 'its certificate is not the one in the link', {
      hints: ['somebody may be reading along: ask for a new link, in a channel that you trust'],
    })
  } catch (error) {
    socket.on('error', () => {})
    socket.destroy()
    throw error
  } finally {
    deadline.removeEventListener('abort', abort)
  }
}

async function upgrade(name: SharedName, socket: TLSSocket, deadline: AbortSignal): Promise<WebSocket> {
  const { host, port, token } = name
  const client = new WebSocket(`wss://${formatAuthority(host, port)}/${token}`, [subprotocol], {
    createConnection: () => socket,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
  })
  // Nothing may be read before somebody listens.
  client.once('open', () => client.pause())
  const abort = () => client.terminate()
  deadline.addEventListener('abort', abort, { once: true })
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('open', resolve)
      client.once('unexpected-response', (_request, response) => reject(toRefusal(name, response)))
      client.once('error', reject)
    })
    return client
  } catch (error) {
    client.on('error', () => {})
    client.terminate()
    socket.destroy()
    throw error
  } finally {
    deadline.removeEventListener('abort', abort)
  }
}

function toRefusal(name: SharedName, { statusCode = 0 }: IncomingMessage): KcapError {
  if (statusCode === 401)
    return streamError('stream-refused', name, 'the link is not valid there: each capture has a new one', {
      hints: ['ask for the link of the capture that runs now'],
    })
  if (statusCode === 429)
    return streamError('stream-unreachable', name, 'too many attempts from this address have failed', {
      hints: ['wait a minute'],
    })
  if (statusCode === 503)
    return streamError('stream-refused', name, 'it has as many readers as it allows', {
      hints: ['whoever shares it can allow more: --serve-readers N'],
    })
  return streamError('stream-unreachable', name, `the server answered with HTTP status ${statusCode}`, {
    hints: ['something else than kcap may listen there, or a proxy is in between'],
  })
}

function wrapClient(client: WebSocket, socket: TLSSocket, name: SharedName): StreamConnection {
  let knownBytes = 0
  const hasHeard = () => {
    const before = knownBytes
    knownBytes = socket.bytesRead
    return knownBytes !== before
  }
  let isFull = false
  let isClosing = false
  let reason = 'the connection closed without a word'
  const stream = new Readable({
    highWaterMark,
    read() {
      // While it closes, the close frame of the server comes after the rest.
      if (!isFull || client.readyState === WebSocket.CLOSED) return
      isFull = false
      silence.heard()
      client.resume()
    },
  })
  const silence = watchSilence({
    limitMs: maxSilenceMs,
    // While the caller is slow, the socket is not read. On a slow link, a single message takes long.
    isExcused: () => isFull || hasHeard(),
    onSilent() {
      reason = `nothing was heard for ${maxSilenceMs / 1000} s`
      client.terminate()
    },
  })
  client.removeAllListeners('error')
  client.on('error', (error) => {
    reason = error.message
  })
  client.on('ping', silence.heard)
  client.on('message', (data: Buffer, isBinary) => {
    silence.heard()
    if (!isBinary || data.length === 0 || stream.push(data)) return
    isFull = true
    client.pause()
  })
  const ended = new Promise<KcapError | undefined>((resolve) => {
    client.once('close', (code: number) => {
      silence.stop()
      stream.push(null)
      resolve(isClosing || code === 1000 ? undefined : streamLost(name, reason))
    })
  })
  const chunks = readChunks(stream)
  client.resume()
  return {
    chunks,
    ended,
    close() {
      if (isClosing) return
      isClosing = true
      client.resume()
      client.close(1000)
      setTimeout(() => client.terminate(), closeTimeoutMs).unref()
    },
  }
}
