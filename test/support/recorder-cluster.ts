import { writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { readRecorded } from '../../src/record/read-recorded.ts'
import { makeRecorderJob } from '../../src/record/record-objects.ts'
import { recordSpec } from './record-spec.ts'
import { openStorePeer, type StoredObject, type StorePeerOptions } from './store-peer.ts'

export interface RecorderClusterOptions {
  /** Folder with the files of the recorder on each node; undefined: none runs there. */
  readonly folders: Readonly<Record<string, string | undefined>>
  /** Number of bytes after which the next connection to a node breaks off; undefined: none does. */
  cutAfterBytes?: (node: string) => number | undefined
}

/** A cluster with the record of `recordSpec`, whose recorders answer `kcap record read` by the code that runs in their pods. */
export async function openRecorderCluster({ folders, cutAfterBytes = () => undefined }: RecorderClusterOptions) {
  const server = new WebSocketServer({ noServer: true, handleProtocols: () => 'v5.channel.k8s.io' })
  const execs: string[] = []
  const exec: StorePeerOptions['exec'] = (request, socket, head) =>
    server.handleUpgrade(request, socket, head, (client) => void answer(request, client))

  async function answer(request: IncomingMessage, client: WebSocket): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://peer')
    const node = pathname.split('/')[6]?.replace(/^pod-/, '') ?? ''
    const [, , , from = '', to = '', after] = searchParams.getAll('command')
    execs.push([node, from, to, after].join(' '))
    const [, file = '', offset] = /^(.*):(\d+)$/.exec(after ?? '') ?? []
    let left = cutAfterBytes(node) ?? Number.POSITIVE_INFINITY
    client.on('error', () => {})
    const send = async (channel: number, bytes: Buffer) =>
      await new Promise<void>((resolve) => client.send(Buffer.concat([Buffer.of(channel), bytes]), () => resolve()))
    const parse = (text: string) => (text === '-' ? undefined : Number(text))
    const recorded = readRecorded({
      folder: folders[node] ?? '',
      part: { fromMs: parse(from), toMs: parse(to) },
      after: after === undefined ? undefined : { file, offset: Number(offset) },
      signal: new AbortController().signal,
    })
    for await (const chunks of recorded)
      for (const chunk of chunks)
        for (let at = 0; at < chunk.length; at += 32_768) {
          const piece = chunk.subarray(at, at + 32_768)
          await send(1, piece)
          left -= piece.length
          if (left < 0) return client.terminate()
          if (client.readyState !== client.OPEN) return
        }
    await send(3, Buffer.from('{"kind":"Status","status":"Success"}'))
    client.close()
  }

  const peer = await openStorePeer({ exec })
  for (const [node, folder] of Object.entries(folders)) {
    const job = makeRecorderJob(recordSpec, node)
    const labels = { ...job.metadata?.labels, 'job-name': job.metadata?.name ?? '' }
    peer.put('jobs', {
      ...job,
      metadata: { ...job.metadata, creationTimestamp: '2026-11-30T21:00:00Z' as unknown as Date },
    } as StoredObject)
    if (folder === undefined) continue
    peer.put('pods', {
      metadata: { name: `pod-${node}`, namespace: 'shop', labels },
      spec: { containers: [{ name: 'recorder' }] },
      status: {
        phase: 'Running',
        containerStatuses: [{ name: 'recorder', ready: true, state: { running: {} } }],
      },
    })
  }
  return {
    ...peer,
    /** `NODE FROM TO AFTER` of each exec. */
    execs,
    /** Writes a kubeconfig of the cluster. */
    writeKubeconfig: (file: string) => writeKubeconfigOf(peer.port, file),
  }
}

/** Writes a kubeconfig of a cluster on a port of loopback; returns the file. */
export async function writeKubeconfigOf(port: number, file: string): Promise<string> {
  const config = {
    clusters: [{ name: 'test', cluster: { server: `http://127.0.0.1:${port}` } }],
    contexts: [{ name: 'test', context: { cluster: 'test', namespace: 'shop' } }],
    'current-context': 'test',
  }
  await writeFile(file, JSON.stringify(config))
  return file
}
