import type { KcapError } from '../base/kcap-error.ts'
import type { ClusterName, StreamName } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { connectPlain } from './connect-plain.ts'
import { connectRecorder } from './connect-recorder.ts'
import { connectWebSocket } from './connect-websocket.ts'
import { readRecording } from './read-recording.ts'
import type { StreamConnection } from './stream-connection.ts'

export interface ConnectOptions {
  readonly signal: AbortSignal
  /** Logs in to the cluster of a recorder; other streams need none. */
  readonly openCluster?: (name: ClusterName) => Promise<ClusterAccess>
  /** Called while a recording is read, with the number of bytes that were read, and the most that there can be. */
  readonly onProgress?: ((readBytes: number, totalBytes: number) => void) | undefined
  /** Called when the connection to a recording was lost, and is opened again without loss. */
  readonly onResume?: (error: KcapError) => void
}

/**
 * Connects to a stream.
 * @throws {KcapError} stream-unreachable, stream-certificate, stream-refused, api-* — when it can't be read
 */
export async function connectStream(name: StreamName, options: ConnectOptions): Promise<StreamConnection> {
  const { signal } = options
  switch (name.protocol) {
    case 'kcaps':
      return await connectWebSocket(name, signal)
    case 'tcp':
    case 'unix':
      return await connectPlain(name, signal)
    case 'store': {
      const { readStoredStream } = await import('./read-stored-stream.ts')
      return await readStoredStream(name, options.onProgress)
    }
    case 'recorder': {
      if (options.openCluster === undefined) throw new Error('a recorder is in a cluster')
      const access = await options.openCluster(name)
      const { part } = name
      return part === undefined
        ? await connectRecorder(name, access, signal)
        : await readRecording({ ...options, name: { ...name, part }, access })
    }
  }
}
