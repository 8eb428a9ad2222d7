import type { InterfaceOrigin, PacketStreamHeader } from '../base/packet.ts'
import type { PacketSource } from '../base/packet-source.ts'
import { corruptCapture } from '../packets/capture-errors.ts'
import type { CaptureWriter, OutputInterface } from './capture-writer.ts'
import type { PacketOutput } from './packet-output.ts'
import type { SourceProgress } from './session-progress.ts'

/** Maximum number of interfaces of a source. Each stays in memory, and a hostile stream may keep inventing new descriptions of its packets. */
const mostInterfaces = 100
/** The same for a stream that somebody shares: it has at least one interface for each pod. */
const mostSharedInterfaces = 10_000

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
  writer: Pick<CaptureWriter, 'addInterface'>,
  output: Pick<PacketOutput, 'figures'>,
  namesReady: () => Promise<void>,
): SourceInterfaces {
  const interfaces = new WeakMap<SourceProgress, KnownInterface[]>()
  return {
    async find({ name, interfaceName }, figures, header, description) {
      const known = interfaces.get(figures) ?? []
      const fitting = known.find((other) => describes(other.header, header))
      if (fitting !== undefined) return fitting.id
      const most = header.origin === undefined ? mostInterfaces : mostSharedInterfaces
      if (known.length === most) throw corruptCapture(`its packets have more than ${most} different descriptions`, name)
      await namesReady()
      const id = await writer.addInterface(
        header.origin === undefined
          ? { header, name: `${name} ${interfaceName}`, description }
          : describeShared(header.origin, header, description),
      )
      interfaces.set(figures, [...known, { id, header }])
      output.figures[id] = figures
      return id
    },
  }
}

/** Keeps what the sender says about an interface. */
function describeShared(
  { name, description, filter }: InterfaceOrigin,
  header: PacketStreamHeader,
  how: string,
): OutputInterface {
  const parts = [description, how].filter((part) => part !== '')
  return { header, name: name === '' ? how : name, description: parts.join('; '), filter }
}

/** Reports whether an interface with this header may have packets of the other. */
function describes(known: PacketStreamHeader, other: PacketStreamHeader): boolean {
  return (
    known.linkType === other.linkType &&
    known.fcsBits === other.fcsBits &&
    known.snapLength >= other.snapLength &&
    isSameOrigin(known.origin, other.origin)
  )
}

/** A stream that is read again repeats its interfaces. */
function isSameOrigin(one: InterfaceOrigin | undefined, other: InterfaceOrigin | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.name === other.name && one.description === other.description && one.filter === other.filter
}
