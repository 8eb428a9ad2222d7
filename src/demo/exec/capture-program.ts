import type { PacketBatch } from '../../base/packet.ts'
import type { Packet } from '../../filter/packet.ts'
import type { InterfaceName } from '../traffic/link-layer.ts'
import type { Scene } from '../traffic/scene.ts'
import type { ExecSocket } from './exec-socket.ts'

export interface CaptureProgram {
  readonly name: string
  /** Returns the words that pass a filter to the program. */
  readonly filterWords: (filter: string) => readonly string[]
  /** Runs the program and returns its exit code. */
  readonly run: (argv: readonly string[], io: ExecSocket, environment: CaptureEnvironment) => Promise<number>
}

/** Container of a capture program, and the signals that reach it. */
export interface CaptureEnvironment {
  readonly scene: Scene
  readonly seed: string
  readonly packetsPerSecond: number
  readonly mayCapture: boolean
  /** Returns the node's time in milliseconds since the epoch. */
  readonly nowMs: () => number
  readonly streamCapture: StreamCapture
  /** Signal that aborts on SIGTERM. */
  readonly terminated: AbortSignal
  /** Signal that aborts on SIGKILL; nothing more is written then. */
  readonly killed: AbortSignal
}

/** Writes packets until stopped or until it has enough of them. */
export type StreamCapture = (run: DumpRun) => Promise<CaptureEnd>

export interface DumpRun {
  readonly options: DumpOptions
  readonly format: CaptureFormat
  readonly interfaceName: InterfaceName
  readonly matches: (packet: Packet) => boolean
  readonly io: ExecSocket
  readonly environment: CaptureEnvironment
}

export interface DumpOptions {
  readonly snapLength: number
  readonly packetCount: number
  readonly kernelBufferKib: number
}

/** Format of a capture on standard output. */
export interface CaptureFormat {
  readonly header: (linkType: number, snapLength: number) => Buffer
  readonly records: (batch: PacketBatch) => Buffer
}

export interface CaptureEnd {
  readonly captured: number
  readonly dropped: number
  /** Exit code of the capture program. */
  readonly exitCode: number
}
