import type { Misbehaviour } from '../misbehaviour.ts'
import type { Scene } from '../traffic/scene.ts'

/** The container a capture program runs in, and the signals that reach it. */
export interface CaptureEnvironment {
  readonly scene: Scene
  readonly seed: string
  readonly packetsPerSecond: number
  readonly mayCapture: boolean
  readonly misbehaviour: Misbehaviour
  /** SIGTERM. */
  readonly terminated: AbortSignal
  /** SIGKILL: nothing more is said. */
  readonly killed: AbortSignal
}
