import type { PacketStreamHeader } from '../base/packet.ts'
import type { PacketSource } from '../base/packet-source.ts'
import { corruptCapture } from '../packets/capture-errors.ts'
import type { CaptureWriter } from './capture-writer.ts'
import type { PacketOutput } from './packet-output.ts'
import type { SourceProgress } from './session-progress.ts'

/** Maximum number of interfaces of a source. Each stays in memory, and a hostile stream may keep inventing new descriptions of its packets. */
const mostInterfaces = 100

interface KnownInterface {
  readonly id: number
  readonly header: PacketStreamHeader
}

/** Output interfaces of sources: one for each link type, frame check sequence and raised snap length among a source's packets. */
export interface SourceInterfaces {
  /**
   * Returns the interface for packets with this header, and adds it to the output if it is new. A source that is captured again keeps its interfaces.
   * @throws {KcapError} corrupt-capture — when the source has too many interfaces
   * @throws {KcapError} usage — when the output can't hold this link type
   */
  find(source: PacketSource, figures: SourceProgress, header: PacketStreamHeader, description: string): Promise<number>
}

export function makeSourceInterfaces(
  writer: Pick<CaptureWriter, 'addSource'>,
  output: Pick<PacketOutput, 'figures'>,
  namesReady: () => Promise<void>,
): SourceInterfaces {
  const interfaces = new WeakMap<SourceProgress, KnownInterface[]>()
  return {
    async find({ name, interfaceName }, figures, header, description) {
      const known = interfaces.get(figures) ?? []
      const fitting = known.find((other) => describes(other.header, header))
      if (fitting !== undefined) return fitting.id
      if (known.length === mostInterfaces)
        throw corruptCapture(`its packets have more than ${mostInterfaces} different descriptions`, name)
      await namesReady()
      const id = await writer.addSource({ name, interfaceName, header }, description)
      interfaces.set(figures, [...known, { id, header }])
      output.figures[id] = figures
      return id
    },
  }
}

/** Reports whether an interface with this header may have packets of the other. */
function describes(known: PacketStreamHeader, { linkType, snapLength, fcsBits }: PacketStreamHeader): boolean {
  return known.linkType === linkType && known.fcsBits === fcsBits && known.snapLength >= snapLength
}
