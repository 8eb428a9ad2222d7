import { packetRow } from '../../src/base/packet.ts'
import type { Pod } from '../../src/demo/cluster/kube-object.ts'
import { makeSeededRandom } from '../../src/demo/random/seeded-random.ts'
import { makeFraming } from '../../src/demo/traffic/link-layer.ts'
import { makeScene } from '../../src/demo/traffic/scene.ts'
import type { TappedPacket } from '../../src/demo/traffic/tap.ts'
import { makeTrafficCycle } from '../../src/demo/traffic/traffic-cycle.ts'
import { makePcapngReader } from '../../src/packets/pcapng-reader.ts'

/** serve-exec.ts: each program that a pod runs has ports of its own. */
const portsPerCapture = 2003
/** Between two captures of a pod a few other programs run in it. */
const maxOtherPrograms = 40

export interface StreamCheckOptions {
  readonly seed: string
  readonly packetsPerSecond: number
  readonly pods: ReadonlyMap<string, Pod>
}

export interface StreamCheck {
  /** Takes the next file of the ring; throws where a packet is missing, changed or twice. */
  readFile(bytes: Buffer): void
  /** Packets so far, and how often the capture of the pod has restarted. */
  readonly seen: ReadonlyMap<string, { readonly packets: number; readonly beginnings: number }>
}

/**
 * Follows each pod's packets over the files. The packets of a demo pod depend on its seed alone, so every packet is known beforehand,
 * and a gap shows even where nothing reports it. Only a capture that restarts may omit packets.
 */
export function makeStreamCheck({ seed, packetsPerSecond, pods }: StreamCheckOptions): StreamCheck {
  const seen = new Map<string, { packets: number; beginnings: number; serial: number; sent: Iterator<Buffer> }>()

  function begin(id: string, frame: Buffer, firstSerial: number): Iterator<Buffer> & { serial: number } {
    const pod = pods.get(id)
    if (pod === undefined) throw new Error(`there is no pod ${id}`)
    for (let serial = firstSerial; serial < firstSerial + maxOtherPrograms; serial++) {
      const sent = sendPackets(pod, `${seed}/${id}/${serial}`, serial, packetsPerSecond)
      if (frame.equals(sent.next().value as Buffer)) return Object.assign(sent, { serial })
    }
    throw new Error(`packet ${seen.get(id)?.packets ?? 0} of ${id} is neither the next one nor the first of a capture`)
  }

  function take(id: string, frame: Buffer): void {
    const state = seen.get(id)
    if (state !== undefined && frame.equals(state.sent.next().value as Buffer)) {
      state.packets += 1
      return
    }
    const sent = begin(id, frame, state === undefined ? 0 : state.serial + 1)
    const { packets = 0, beginnings = 0 } = state ?? {}
    seen.set(id, { packets: packets + 1, beginnings: beginnings + 1, serial: sent.serial, sent })
  }

  return {
    seen,
    readFile(bytes) {
      const reader = makePcapngReader('soak')
      for (const { interfaceId, batch } of reader.push(bytes)) {
        const id = reader.interfaces[interfaceId]?.name?.replace(/ any$/, '') ?? ''
        for (let i = 0; i < batch.count; i++) {
          const row = i * packetRow.length
          const offset = batch.rows[row + packetRow.offset] ?? 0
          take(id, batch.bytes.subarray(offset, offset + (batch.rows[row + packetRow.capturedLength] ?? 0)))
        }
      }
      if (reader.failure !== undefined) throw reader.failure
      if (reader.pendingLength > 0) throw new Error(`a file ends with ${reader.pendingLength} bytes of a block`)
    },
  }
}

function* sendPackets(pod: Pod, seed: string, serial: number, packetsPerSecond: number): Generator<Buffer> {
  const scene = makeScene(pod, serial * portsPerCapture)
  const random = makeSeededRandom(seed)
  const link = makeFraming('any', scene)
  const format = (packet: TappedPacket) => {
    const frame = Buffer.alloc(link.headerLength + packet.bytes.length)
    link.write(frame, 0, packet)
    packet.bytes.copy(frame, link.headerLength)
    return frame
  }
  for (;;) yield* makeTrafficCycle(scene, random, packetsPerSecond).packets.filter(link.carries).map(format)
}
