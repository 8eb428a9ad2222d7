import { randomUUID } from 'node:crypto'
import type { CaptureOptions } from '../base/capture-request.ts'
import type { ErrorCode } from '../base/error-codes.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { PacketSource } from '../base/packet-source.ts'
import { formatTarget, type RoutedTarget } from '../base/target.ts'
import {
  listTcpdumpFeatures,
  makeDumpcapArgv,
  makeTcpdumpArgv,
  type TcpdumpFeatures,
} from '../remote/capture-command.ts'
import { makeSupervisedArgv } from '../remote/supervised-argv.ts'
import type { Route } from '../route/route.ts'
import { listInterfaces } from './list-interfaces.ts'
import { openSupervisedCapture } from './supervised-capture.ts'
import { withTargetHints } from './target-hints.ts'
import { type UploadedProgram, type UploadOptions, uploadTcpdump } from './upload-tcpdump.ts'

// Tested by test/session/run-session.test.ts.

export interface SourceOptions extends Omit<UploadOptions, 'targetName'> {
  readonly capture: CaptureOptions
  /** Path of a tcpdump on this machine, for containers that have none. */
  readonly uploadPath: string | undefined
}

/**
 * Starts to capture a target over a route.
 * @throws {KcapError} any code — when something keeps it from capturing
 */
export async function openSource(target: RoutedTarget, route: Route, options: SourceOptions): Promise<PacketSource> {
  const { signal } = options
  let uploaded: UploadedProgram | undefined
  try {
    if (options.uploadPath !== undefined && route.via !== 'ssh' && route.via !== 'local')
      uploaded = await uploadTcpdump(route, options.uploadPath, { ...options, targetName: formatTarget(target) })
    const uploadedPath = uploaded?.path
    return await withShell(route, () =>
      withSudoPassword(route, (sudoPassword) =>
        withKnownOptions(listTcpdumpFeatures(options.capture), (features) =>
          openWithFeatures(target, route, { ...options, features, uploadedPath, sudoPassword }),
        ),
      ),
    )
  } catch (error) {
    const isListed = route.network.kind === 'here'
    if (isListed && error instanceof KcapError && error.code === 'unknown-interface')
      throw await withInterfaceNames(error, route, signal)
    throw withTargetHints(withDebugHints(error, route), target)
  } finally {
    // By now the capture program runs, or never will.
    uploaded?.remove()
  }
}

/** Replaces the hints for debug containers, which lack what the pod's own containers have. */
function withDebugHints(error: unknown, { via }: Route): unknown {
  if (!(error instanceof KcapError) || (via !== 'ephemeral' && via !== 'node-pod')) return error
  const hints: Partial<Record<ErrorCode, string>> = {
    'no-capture-program': 'the image of the debug container must have it: --debug-image IMAGE',
    'capture-not-permitted':
      via === 'ephemeral'
        ? 'the node keeps the rights to capture from it: --via node-pod, or --privileged'
        : 'the node keeps the rights to capture from it: --privileged',
  }
  const hint = hints[error.code]
  return hint === undefined ? error : new KcapError(error.code, error.message, { hints: [hint], cause: error.cause })
}

/** Retries through another shell. A check for a shell would cost every capture a round trip. */
async function withShell(route: Route, open: () => Promise<PacketSource>): Promise<PacketSource> {
  try {
    return await open()
  } catch (error) {
    if (!(error instanceof KcapError && error.facts.lacksShell) || route.useOtherShell?.() !== true) throw error
    return await open()
  }
}

/** Tries sudo without a password, then with each password there is, until one is right. */
async function withSudoPassword(
  route: Route,
  open: (password: string | undefined) => Promise<PacketSource>,
): Promise<PacketSource> {
  for (let password: string | undefined; ; ) {
    try {
      return await open(password)
    } catch (error) {
      if (!(error instanceof KcapError && error.code === 'sudo-password') || route.sudo !== 'sudo') throw error
      password = await route.nextSudoPassword?.()
      if (password === undefined) throw error
    }
  }
}

/** Opens with the first features that the remote tcpdump has. */
async function withKnownOptions(
  [features, ...fewer]: readonly TcpdumpFeatures[],
  open: (features: TcpdumpFeatures) => Promise<PacketSource>,
): Promise<PacketSource> {
  try {
    return await open(features as TcpdumpFeatures)
  } catch (error) {
    const isUnknown = error instanceof KcapError && error.facts.hasUnknownOption === true
    if (!isUnknown || fewer.length === 0) throw error
    return await withKnownOptions(fewer, open)
  }
}

/** Probes and captures in one step: the remote host runs the first program that it has. */
async function openWithFeatures(
  target: RoutedTarget,
  route: Route,
  {
    capture,
    signal,
    features,
    uploadedPath,
    sudoPassword,
  }: SourceOptions & {
    readonly features: TcpdumpFeatures
    readonly uploadedPath: string | undefined
    readonly sudoPassword: string | undefined
  },
): Promise<PacketSource> {
  const compression = capture.compression === 'gzip' ? 'gzip' : 'none'
  const tcpdump = makeTcpdumpArgv(capture, features)
  const argv = makeSupervisedArgv({
    captureId: `${route.captureIdPrefix ?? ''}${randomUUID()}`,
    sudo: route.sudo,
    readsPassword: sudoPassword !== undefined,
    ownStream: route.ownStream,
    filter: capture.filter,
    network: route.network,
    compression,
    programs: [
      ...(uploadedPath === undefined ? [] : [[uploadedPath, ...tcpdump.slice(1)]]),
      tcpdump,
      makeDumpcapArgv('dumpcap', capture),
      makeDumpcapArgv('tshark', capture),
    ],
  })
  return await openSupervisedCapture({
    name: formatTarget(target),
    interfaceName: capture.interfaceName,
    argv,
    hasFilter: capture.filter !== '',
    isCompressed: compression !== 'none',
    entersPod: route.network.kind === 'pod',
    isLocal: route.via === 'local',
    start: route.start,
    sudoPassword,
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
