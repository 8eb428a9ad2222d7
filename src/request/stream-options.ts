import { KcapError } from '../base/kcap-error.ts'
import { formatStreamName, type TargetName } from '../base/target.ts'
import type { ParsedArguments } from './parse-arguments.ts'

/** Options for a capture program; whoever offers a stream runs that program. */
const ofCaptureProgram = [
  'filter',
  'port',
  'protocol',
  'iface',
  'snaplen',
  'compress',
  'via',
  'pod-keylog',
  'upload-tcpdump',
] as const

/**
 * Refuses options that have no effect on streams, where there is nothing else to capture.
 * @throws {KcapError} usage — when there is one
 */
export function refuseStreamOptions(
  parsed: ParsedArguments,
  targets: readonly TargetName[],
  captureFilter: string | undefined,
): void {
  const [first] = targets
  if (first?.kind !== 'stream' || targets.some(({ kind }) => kind !== 'stream')) return
  const given = ofCaptureProgram.find((name) => parsed.text(name) !== undefined || parsed.list(name).length > 0)
  const what = captureFilter === undefined || captureFilter === '' ? given && `--${given}` : 'a capture filter'
  if (what === undefined) return
  throw new KcapError('usage', `cannot use ${what} on "${formatStreamName(first)}": a stream is read as it is sent`, {
    hints: ['filter where the packets are captured, or what is displayed: tshark -r FILE -Y FILTER'],
  })
}
