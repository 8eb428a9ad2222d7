import type { CaptureRequest } from '../base/capture-request.ts'
import { makeBroadcast } from '../output/broadcast.ts'
import { commentFirstPacket } from '../packets/comment-packet.ts'
import type { SharedReader } from '../share/reader-list.ts'
import { addReaders, makeBroadcastWriter } from './broadcast-writer.ts'
import type { CaptureWriter } from './capture-writer.ts'
import { describeSection } from './describe-capture.ts'
import type { SessionContext } from './session-context.ts'

/** Maximum number of bytes of names and secrets that late readers get: enough for 100,000 conversations. */
const namesBytes = 16 * 1024 * 1024

/** A writer whose packets others may read too. */
export interface Sharing {
  readonly writer: CaptureWriter
  readonly readers: readonly SharedReader[]
  /** Port of the stream; undefined: the capture is not shared, or not at a port. */
  readonly port?: number | undefined
  /** Lets readers take what is queued for them, and closes the port. */
  close(): Promise<void>
}

/**
 * Opens the port that the request asks for; without one, returns the writer itself.
 * @throws {KcapError} share-failed — when the port can't be opened
 */
export async function openSharing(
  request: CaptureRequest,
  writer: CaptureWriter,
  { onShare, onReader }: Pick<SessionContext, 'onShare' | 'onReader'>,
): Promise<Sharing> {
  if (request.share === undefined) return { writer, readers: [], close: async () => {} }
  const broadcast = makeBroadcast({
    namesBytes,
    noteLoss: (bytes, lost) => commentFirstPacket(bytes, `${lost} packets lost here: this reader was too slow`),
  })
  const readers = makeBroadcastWriter(broadcast, describeSection(request))
  const { openShare } = await import('../share/open-share.ts')
  const share = await openShare(request.share, broadcast, (event) => onReader?.(event))
  onShare?.(share.link)
  return {
    writer: addReaders(writer, readers),
    readers: share.readers,
    port: share.port,
    async close() {
      // Also where the capture failed before the writer could finish.
      broadcast.end()
      await share.close()
    },
  }
}
