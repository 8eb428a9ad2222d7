import type { PacketBatch } from '../../base/packet.ts'
import type { InterfaceName } from '../traffic/link-layer.ts'
import type { Scene } from '../traffic/scene.ts'
import type { TappedPacket } from '../traffic/tap.ts'
import type { ExecSocket } from './exec-socket.ts'

export interface CaptureProgram {
  readonly name: string
  /** The filter's place among its words. */
  readonly filterWords: (filter: string) => readonly string[]
  /** Returns its exit code. */
  readonly run: (argv: readonly string[], io: ExecSocket, environment: CaptureEnvironment) => Promise<number>
}

/** The container a capture program runs in, and the signals that reach it. */
export interface CaptureEnvironment {
  readonly scene: Scene
  readonly seed: string
  readonly packetsPerSecond: number
  readonly mayCapture: boolean
  /** The node's clock, in milliseconds since the epoch. */
  readonly nowMs: () => number
  readonly streamCapture: StreamCapture
  /** SIGTERM. */
  readonly terminated: AbortSignal
  /** SIGKILL: nothing more is written. */
  readonly killed: AbortSignal
}

/** Writes packets until it is told to stop or has enough of them. */
export type StreamCapture = (run: CaptureRun) => Promise<CaptureEnd>

export interface CaptureRun {
  readonly options: CaptureOptions
  readonly format: CaptureFormat
  readonly interfaceName: InterfaceName
  readonly matches: (packet: TappedPacket) => boolean
  readonly io: ExecSocket
  readonly environment: CaptureEnvironment
}

export interface CaptureOptions {
  readonly snapLength: number
  readonly packetCount: number
  readonly kernelBufferKib: number
}

/** How a capture looks on standard output. */
export interface CaptureFormat {
  readonly header: (linkType: number, snapLength: number) => Buffer
  readonly records: (batch: PacketBatch) => Buffer
}

export interface CaptureEnd {
  readonly captured: number
  readonly dropped: number
  /** Of the capture program. */
  readonly exitCode: number
}
