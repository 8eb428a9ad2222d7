import { randomUUID } from 'node:crypto'
import type { CaptureOptions } from '../base/capture-request.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { PacketSource } from '../base/packet-source.ts'
import { formatTarget, type Target } from '../base/target.ts'
import { makeTcpdumpArgv } from '../remote/capture-command.ts'
import { makeSupervisedArgv } from '../remote/supervisor-script.ts'
import { listInterfaces } from './list-interfaces.ts'
import type { Route } from './route.ts'
import { openSupervisedCapture } from './supervised-capture.ts'
import { withTargetHints } from './target-hints.ts'

/** Starts capturing a target by a route. Throws what keeps it from capturing. */
export async function openSource(
  target: Target,
  route: Route,
  capture: CaptureOptions,
  signal: AbortSignal,
): Promise<PacketSource> {
  try {
    return await withKnownOptions((timestamps) => openWithTimestamps(target, route, capture, timestamps, signal))
  } catch (error) {
    if (error instanceof KcapError && error.code === 'unknown-interface')
      throw await withInterfaceNames(error, route, signal)
    throw withTargetHints(error, target)
  }
}

/** tcpdump before 4.6 has no nanoseconds. Asking for its version first would cost every capture a round trip. */
async function withKnownOptions(open: (timestamps: 'nano' | 'micro') => Promise<PacketSource>): Promise<PacketSource> {
  try {
    return await open('nano')
  } catch (error) {
    if (!(error instanceof KcapError && /(unrecognized|invalid|illegal) option/.test(error.message))) throw error
    return await open('micro')
  }
}

async function openWithTimestamps(
  target: Target,
  route: Route,
  capture: CaptureOptions,
  timestamps: 'nano' | 'micro',
  signal: AbortSignal,
): Promise<PacketSource> {
  const argv = makeSupervisedArgv({
    captureId: randomUUID(),
    sudo: target.kind === 'ssh' ? target.name.sudo : 'none',
    ownStream: route.ownStream,
    filter: capture.filter,
    argv: makeTcpdumpArgv(capture, timestamps),
  })
  return await openSupervisedCapture({
    name: formatTarget(target),
    interfaceName: capture.interfaceName,
    argv,
    hasFilter: capture.filter !== '',
    start: route.start,
    signal,
  })
}

async function withInterfaceNames(error: KcapError, route: Route, signal: AbortSignal): Promise<KcapError> {
  const names = await listInterfaces(route, signal).catch(() => [])
  if (names.length === 0) return error
  return new KcapError(error.code, error.message, {
    hints: [`interfaces there: ${names.map(({ name }) => name).join(', ')}`, '--iface any captures on all of them'],
  })
}
