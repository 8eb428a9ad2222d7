import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'

/** A hostile behaviour of an API server. */
export type Flood =
  /** A list of pods of a million rows in one page. */
  | 'one page'
  /** Pages of 100 MB without end. */
  | 'large pages'
  /** Answers 403, whose text never ends. */
  | 'endless refusal'
  /** Takes every request and answers none. */
  | 'silence'
  /** Lists one pod, and says of every watch that its version is gone. */
  | 'gone'

export interface FloodingApi {
  /** Text of a kubeconfig for it, as JSON. */
  readonly kubeconfig: string
  /** Requests so far, by their paths. */
  readonly paths: readonly string[]
  close(): void
}

const columns = [{ name: 'Name' }, { name: 'Status' }]

function* makeRows(count: number, padding: string): Generator<string> {
  yield `{"kind":"Table","metadata":{"continue":"${Math.random()}"},"columnDefinitions":${JSON.stringify(columns)},"rows":[`
  for (let i = 0; i < count; i += 1_000) {
    const rows = Array.from({ length: 1_000 }, (_, j) => {
      const metadata = { name: `pod-${i + j}`, namespace: `ns-${i % 7}`, annotations: { padding } }
      return JSON.stringify({ cells: [`pod-${i + j}`, 'Running'], object: { metadata } })
    })
    yield `${i === 0 ? '' : ','}${rows.join(',')}`
  }
  yield ']}'
}

function* makeEndlessText(): Generator<string> {
  for (;;) yield 'no '.repeat(20_000)
}

const pod = {
  metadata: { name: 'one', namespace: 'default', uid: '3f6e0c52-3a5b-4e0c-9d55-0a8c9f6b1d11', resourceVersion: '1' },
  spec: { containers: [{ name: 'app' }], nodeName: 'n' },
  status: { phase: 'Running', podIP: '10.0.0.1', containerStatuses: [{ name: 'app', state: { running: {} } }] },
}

const gone = `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`
const podList = JSON.stringify({ kind: 'PodList', metadata: { resourceVersion: '1' }, items: [pod] })

/** Silence is no answer. */
function answer(flood: Flood, path: string, response: ServerResponse): void {
  const stream = (status: number, text: Iterable<string>) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    Readable.from(text)
      .on('error', () => {})
      .pipe(response)
  }
  const isWatch = path.includes('watch=true')
  if (flood === 'endless refusal') stream(403, makeEndlessText())
  else if (flood === 'one page') stream(200, makeRows(1_000_000, ''))
  else if (flood === 'large pages') stream(200, makeRows(50_000, 'x'.repeat(2_000)))
  else if (flood === 'gone' && isWatch) stream(200, [gone])
  else if (flood === 'gone') stream(200, [podList])
}

export async function openFloodingApi(flood: Flood): Promise<FloodingApi> {
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url ?? '')
    response.on('error', () => {})
    answer(flood, request.url ?? '', response)
  })
  // Exec: the upgrade is never answered.
  server.on('upgrade', (request, socket) => {
    paths.push(request.url ?? '')
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const kubeconfig = JSON.stringify({
    'current-context': 'x',
    clusters: [{ name: 'x', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'x', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
  })
  return {
    kubeconfig,
    paths,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
