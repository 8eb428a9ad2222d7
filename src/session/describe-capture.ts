import os from 'node:os'
import type { CaptureRequest } from '../base/capture-request.ts'
import type { PacketSource } from '../base/packet-source.ts'
import { printable } from '../base/printable.ts'
import { formatAuthority } from '../base/share-link.ts'
import type { TargetName } from '../base/target.ts'
import { version } from '../base/version.ts'
import { accountLabel } from '../host/account.ts'
import type { SectionDescription } from './capture-writer.ts'

/** Describes a capture: who captured what, from where, and the command line that repeats it. */
export function describeSection(request: CaptureRequest): SectionDescription {
  const who = `${accountLabel()}@${os.hostname()}`
  return {
    application: `kcap ${version}`,
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    comment: `${printable(`captured by ${who} from ${describeTargets(request)}`)}\nto repeat: ${printable(request.commandLine)}`,
    filter: request.capture.filter,
  }
}

/** Returns the targets as the user named them. */
export function describeTargets({ targets }: CaptureRequest): string {
  return targets.map(describeName).join(', ')
}

/** Smallest clock difference that is reported. */
const noticedMs = 100

/** Describes how a source is captured: the route, the command on the remote host, and the difference of its clock. */
export function describeSource(source: PacketSource, how: string): string {
  const clock = describeClock(source)
  return printable(clock === undefined ? how : `${how}; ${clock}`)
}

/** Describes the certain bounds of the difference between the remote clock and this machine's; undefined when the remote clock may be right. */
export function describeClock({ aheadMs }: Pick<PacketSource, 'aheadMs'>): string | undefined {
  if (aheadMs === undefined) return undefined
  const { least, most } = aheadMs
  const seconds = (ms: number) => (ms / 1000).toFixed(1)
  const state = (a: number, b: number, side: string) =>
    `its clock is ${seconds(a)} to ${seconds(b)} s ${side} this machine's`
  if (least > noticedMs) return state(least, most, 'ahead of')
  return most < -noticedMs ? state(-most, -least, 'behind') : undefined
}

function describeName(name: TargetName): string {
  if (name.kind === 'ssh') return `host ${name.host}`
  if (name.kind === 'local') return 'this machine'
  if (name.kind === 'stream' && name.protocol === 'recorder') return `record ${name.record} on node ${name.node}`
  if (name.kind === 'stream' && name.protocol === 'store') return `stored capture ${name.capture}`
  if (name.kind === 'stream')
    return `${name.protocol === 'kcaps' ? 'shared capture' : 'stream'} at ${name.protocol === 'unix' ? name.path : formatAuthority(name.host, name.port)}`
  const where = `${name.namespace === undefined ? '' : ` in namespace ${name.namespace}`}${name.context === undefined ? '' : ` of context ${name.context}`}`
  if (name.kind === 'node') return `node ${name.node}${where}`
  if (name.kind === 'pod') return `pod ${name.pod}${where}`
  if (name.kind === 'service') return `service ${name.service}${where}`
  if (name.kind === 'workload') return `${name.workloadKind}/${name.workload}${where}`
  const pods = `pods ${name.pattern ?? '*'}${name.selector === undefined ? '' : ` with ${name.selector}`}`
  return name.allNamespaces ? `${pods} in all namespaces` : `${pods}${where}`
}
