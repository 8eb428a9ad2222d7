import type { IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import WebSocket from 'ws'
import type { PeerCluster } from './start-peer-cluster.ts'

export interface Answer {
  readonly code: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely
  readonly json: any
}

export interface Asked {
  readonly method?: string
  readonly token?: string | undefined
  readonly accept?: string
  readonly body?: string | Buffer
  readonly headers?: Record<string, string>
}

export const tableAccept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'

export async function ask(cluster: PeerCluster, path: string, asked: Asked = {}): Promise<Answer> {
  const token = 'token' in asked ? asked.token : cluster.token
  const agent = new Agent({ ca: cluster.certificateAuthorityPem })
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const request = httpsRequest(
        `${cluster.url}${path}`,
        {
          agent,
          method: asked.method ?? 'GET',
          headers: {
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            accept: asked.accept ?? 'application/json',
            // Node announces the body of a POST by itself, but not that of a DELETE.
            ...(asked.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(asked.body)) }),
            ...asked.headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString()
            resolve({
              code: response.statusCode ?? 0,
              headers: response.headers,
              text,
              json: text.startsWith('{') ? JSON.parse(text) : undefined,
            })
          })
        },
      )
      request.on('error', reject)
      request.end(asked.body)
    })
  } finally {
    agent.destroy()
  }
}

/** Asks for an object again and again until it is so. */
export async function askUntil(
  cluster: PeerCluster,
  path: string,
  // biome-ignore lint/suspicious/noExplicitAny: objects of all kinds
  isSo: (object: any) => boolean,
): Promise<Answer['json']> {
  for (;;) {
    const { json } = await ask(cluster, path)
    if (isSo(json)) return json
    await delay(5)
  }
}

export interface WatchEvent {
  readonly type: string
  // biome-ignore lint/suspicious/noExplicitAny: objects of all kinds
  readonly object: any
}

/** Collects events until `until` says it has enough, or the server ends the stream. */
export async function watch(
  cluster: PeerCluster,
  path: string,
  until: (events: readonly WatchEvent[]) => boolean,
  accept?: string,
): Promise<WatchEvent[]> {
  const events: WatchEvent[] = []
  await new Promise<void>((resolve, reject) => {
    const request = httpsRequest(
      `${cluster.url}${path}`,
      {
        ca: cluster.certificateAuthorityPem,
        headers: { authorization: `Bearer ${cluster.token}`, ...(accept === undefined ? {} : { accept }) },
      },
      (response) => {
        let rest = ''
        response.on('data', (chunk: Buffer) => {
          const lines = (rest + chunk.toString()).split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) events.push(JSON.parse(line) as WatchEvent)
          if (until(events)) request.destroy()
        })
        response.on('close', resolve)
      },
    )
    request.on('error', (error) => (until(events) ? resolve() : reject(error)))
    request.end()
  })
  return events
}

export interface ExecAsked {
  readonly pod?: string
  readonly container?: string | undefined
  readonly argv?: readonly string[]
  readonly protocols?: readonly string[]
  readonly token?: string
}

export interface ExecClient {
  readonly protocol: string
  stdout(): Buffer
  stderr(): string
  /** The Status of the error channel. */
  // biome-ignore lint/suspicious/noExplicitAny: a Status
  status(): any
  readonly firstFrame: () => Buffer | undefined
  send(text: string): void
  halfClose(): void
  /** Frames as they are. */
  readonly socket: WebSocket
  /** The close code: 1000 in good order, 1006 without a close frame. */
  readonly closed: Promise<number>
  until(condition: () => boolean): Promise<void>
}

/** The words of remote/supervisor-script.ts. */
export function supervisedArgv(
  programs: readonly (readonly string[])[],
  {
    filter = '',
    network = 'here',
    compression = 'none',
  }: { filter?: string; network?: string; compression?: string } = {},
): string[] {
  const counted = programs.flatMap((argv) => [String(argv.length), ...argv])
  return ['sh', '-c', 'script', 'kcap', 'id-1', 'none', 'elsewhere', filter, network, compression, ...counted]
}

export const captureArgv = (...words: string[]) => supervisedArgv([['tcpdump', ...words]])
export const defaultProgram: readonly string[] =
  'tcpdump -i any -s 0 -B 16384 -n -U --time-stamp-precision=nano -w -'.split(' ')
export const defaultCapture = supervisedArgv([defaultProgram])

/** An upgrade the server refuses rejects with the answer's code and body. */
export async function openExec(cluster: PeerCluster, asked: ExecAsked = {}): Promise<ExecClient> {
  const [namespace, name] = (asked.pod ?? 'prod/web-5f8c').split('/')
  const query = new URLSearchParams({ stdin: 'true', stdout: 'true', stderr: 'true', tty: 'false' })
  if (asked.container !== undefined) query.set('container', asked.container)
  for (const word of asked.argv ?? defaultCapture) query.append('command', word)
  const socket = new WebSocket(
    `wss://127.0.0.1:${cluster.port}/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(name ?? '')}/exec?${query}`,
    [...(asked.protocols ?? ['v5.channel.k8s.io', 'v4.channel.k8s.io'])],
    {
      ca: cluster.certificateAuthorityPem,
      headers: { authorization: `Bearer ${asked.token ?? cluster.token}` },
      perMessageDeflate: false,
    },
  )
  const frames: Buffer[] = []
  const channel = (number: number) =>
    Buffer.concat(frames.filter((frame) => frame[0] === number).map((frame) => frame.subarray(1)))
  let wake = () => {}
  socket.on('message', (data: Buffer) => {
    frames.push(data)
    wake()
  })
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  void closed.then(() => wake())
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.on('error', reject)
    socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => reject(new UpgradeRefused(response.statusCode ?? 0, Buffer.concat(chunks).toString())))
    })
  })
  return {
    protocol: socket.protocol,
    stdout: () => channel(1),
    stderr: () => channel(2).toString(),
    status: () => {
      const text = channel(3).toString()
      return text === '' ? undefined : JSON.parse(text)
    },
    firstFrame: () => frames[0],
    send: (text) => socket.send(Buffer.concat([Buffer.of(0), Buffer.from(text)])),
    halfClose: () => socket.send(Buffer.of(255, 0)),
    socket,
    closed,
    async until(condition) {
      while (!condition()) {
        if (socket.readyState === WebSocket.CLOSED)
          throw new Error(`closed too early; stderr: ${channel(2).toString()}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

export class UpgradeRefused extends Error {
  readonly code: number
  readonly body: string

  constructor(code: number, body: string) {
    super(`${code}: ${body}`)
    this.code = code
    this.body = body
  }
}
