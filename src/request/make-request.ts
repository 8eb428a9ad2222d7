import type { CaptureRequest, OutputName } from '../base/capture-request.ts'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { hideShareTokens } from '../base/share-link.ts'
import type { ClusterScope, TargetName } from '../base/target.ts'
import { cleanExpressions, isServiceName, makeCaptureFilter } from '../filter/capture-filter.ts'
import { findServicePort } from '../host/service-ports.ts'
import { findSelectorFault } from '../kube/check-selector.ts'
import { defaultSettings, type Settings } from '../settings/settings.ts'
import { parseTarget } from '../target/parse-target.ts'
import { chooseVia } from './choose-via.ts'
import { makeShareRequest } from './make-share-request.ts'
import { findNodeHost, makeNodeSsh, makeSshDefaults, makeSshHost } from './make-ssh-host.ts'
import { makeUploadRequest } from './make-upload-request.ts'
import { chooseFormat, makeRotation } from './output-options.ts'
import { type ParsedArguments, readChoice } from './parse-arguments.ts'
import { checkKubeQuantity, parseCount, parseDuration, parseShortTime, parseSize } from './parse-quantity.ts'
import { refuseStreamOptions } from './stream-options.ts'

/** Largest snap length: tcpdump's MAXIMUM_SNAPLEN. */
const maxSnapLength = 262_144

/** Default number of pods; each is an exec stream through the API server. */
const defaultMaxPods = 50
const maxMergeWindowMs = 10_000
const defaultMergeWindowMs = 200
const defaultReconnectMs = 10 * 60_000

export interface RequestContext {
  readonly output: OutputName
  readonly commandLine: string
  /** Filter in Wireshark's own capture filter field, AND-ed with the others. */
  readonly captureFilter?: string | undefined
  /** Targets that no command line names; absent: those of the command line. */
  readonly targets?: readonly TargetName[]
  /** Settings of the config file; absent means the defaults without one. */
  readonly settings?: Pick<Settings, 'consent' | 'debug' | 'nodeSsh'>
}

/**
 * Returns the capture request that the options describe, regardless of who gave them.
 * @throws {KcapError} usage, bad-filter — when an option is invalid
 * @throws {KcapError} no-target — when no target is named
 */
export function makeRequest(parsed: ParsedArguments, context: RequestContext): CaptureRequest {
  const targets = context.targets ?? makeTargets(parsed)
  if (targets.length === 0) {
    throw new KcapError('no-target', 'cannot capture: no target is named', {
      hints: [
        'a pod: kcap NAMESPACE/POD',
        'a service: kcap svc/SERVICE -n NAMESPACE',
        'a host: kcap ssh://USER@HOST',
        'nothing at hand: kcap demo',
        'kcap list pods -A',
      ],
    })
  }
  refuseStreamOptions(parsed, targets, context.captureFilter)
  const settings = context.settings ?? defaultSettings('')
  const nodeSsh = makeNodeSsh(settings.nodeSsh, parsed)
  const via = chooseVia(parsed, targets, nodeSsh)
  const filterExpressions = cleanExpressions([parsed.text('filter') ?? '', context.captureFilter ?? ''])
  const count = parsed.text('count')
  const duration = parsed.text('duration')
  const maxSize = parsed.text('max-size')
  const maxPods = parsed.text('max-pods')
  const mergeWindow = parsed.text('merge-window')
  const snapLength = parsed.text('snaplen')
  return {
    targets,
    via,
    consent: parsed.flag('yes') ? ['ephemeral', 'node-pod'] : settings.consent.concat(via === 'node-pod' ? via : []),
    debug: {
      image: parsed.text('debug-image') ?? settings.debug.image,
      pullPolicy: readChoice(parsed, 'debug-pull-policy') ?? settings.debug.pullPolicy,
      pullSecret: settings.debug.pullSecret,
      namespace: parsed.text('debug-namespace') ?? settings.debug.namespace,
      cpu: readAmount(parsed, 'debug-cpu') ?? settings.debug.cpu,
      memory: readAmount(parsed, 'debug-memory') ?? settings.debug.memory,
      privileged: parsed.flag('privileged') || settings.debug.privileged,
    },
    nodeHost: findNodeHost(parsed, targets),
    nodeSsh,
    localSudo: readChoice(parsed, 'sudo') ?? 'none',
    uploadPath: parsed.text('upload-tcpdump'),
    follow: !parsed.flag('no-follow'),
    reconnectMs: chooseReconnect(parsed.text('reconnect'), context.output),
    names: !parsed.flag('no-names'),
    keyLogFile: parsed.text('keylog'),
    remoteKeyLogPath: parsed.text('pod-keylog'),
    maxPods: maxPods === undefined ? defaultMaxPods : parseCount('max-pods', maxPods, 1, 1_000),
    mergeWindowMs:
      mergeWindow === undefined ? defaultMergeWindowMs : parseShortTime('merge-window', mergeWindow, maxMergeWindowMs),
    capture: {
      interfaceName: checkInterfaceName(parsed.text('iface') ?? 'any'),
      filter: makeCaptureFilter({
        ports: readPorts(parsed.list('port')),
        protocol: readChoice(parsed, 'protocol') ?? 'all',
        expressions: filterExpressions,
      }),
      filterExpressions,
      snapLength: snapLength === undefined ? 0 : parseCount('snaplen', snapLength, 0, maxSnapLength),
      compression: readChoice(parsed, 'compress') ?? 'auto',
    },
    limits: {
      ...(duration !== undefined && { durationMs: parseDuration('duration', duration) }),
      // Wireshark's dialog cannot leave a number empty; 0 means none there.
      ...(count !== undefined &&
        count !== '0' && { packetCount: parseCount('count', count, 1, Number.MAX_SAFE_INTEGER) }),
      ...(maxSize !== undefined && { outputBytes: parseSize('max-size', maxSize) }),
    },
    output: context.output,
    share: makeShareRequest(parsed),
    upload: makeUploadRequest(parsed, context.output),
    rotation: makeRotation(parsed, context.output),
    format: chooseFormat(parsed, context.output),
    // The file goes to others, and a link lets them in.
    commandLine: hideShareTokens([...parsed.variables, context.commandLine].join(' ')),
  }
}

/**
 * Returns the targets that the words and options name, in their order.
 * @throws {KcapError} usage — when a target or an option is invalid
 */
export function makeTargets(parsed: ParsedArguments): TargetName[] {
  const cluster = makeClusterScope(parsed)
  const ssh = makeSshDefaults(parsed)
  const selector = readSelector(parsed)
  const allNamespaces = parsed.flag('all-namespaces')
  const defaults = { cluster, ssh, selector, allNamespaces }
  const sshHost = parsed.text('ssh-host')
  const pod = parsed.text('pod')
  const service = parsed.text('service')
  const workload = parsed.text('workload')
  const target = parsed.text('target')
  const node = parsed.text('node')
  const named = [
    ...parsed.words.map((word) => parseTarget(word, defaults)),
    ...(target === undefined ? [] : [parseTarget(target, defaults)]),
    ...(pod === undefined ? [] : [parseTarget(pod.includes('/') ? pod : `pod/${pod}`, defaults)]),
    ...(service === undefined ? [] : [parseTarget(`svc/${service}`, defaults)]),
    ...(workload === undefined ? [] : [parseTarget(workload, defaults)]),
    ...(node === undefined ? [] : [parseTarget(`node/${node}`, defaults)]),
  ]
  // Together with pods, the host is their node.
  const isHost = sshHost !== undefined && selector === undefined && named.every(({ kind }) => kind === 'ssh')
  if (isHost) named.push(makeSshHost(sshHost, ssh))
  if (selector !== undefined && named.length === 0) return [{ kind: 'pods', ...cluster, selector, allNamespaces }]
  refuseIdleScope(named, selector, allNamespaces)
  refuseIdleNode(named, cluster.onNode)
  return named
}

/**
 * Returns the label selector, checked by the API server's rules.
 * @throws {KcapError} usage — when the API server would reject it
 */
export function readSelector(parsed: ParsedArguments): string | undefined {
  const selector = parsed.text('selector')
  const fault = selector === undefined ? undefined : findSelectorFault(selector)
  if (fault === undefined) return selector
  throw new KcapError('usage', `cannot use --selector "${selector}": ${fault}`, {
    hints: [line('--selector', 'app=orders'), line('--selector', 'tier in (web,api),!canary')],
  })
}

/** Refuses a selector or a scope without effect; nobody would notice the mistake. */
function refuseIdleScope(names: readonly TargetName[], selector: string | undefined, allNamespaces: boolean): void {
  const other = names.find(({ kind }) => kind !== 'pods')
  const option = selector !== undefined ? '--selector' : allNamespaces ? '--all-namespaces' : undefined
  if (option === undefined || (other === undefined && names.length > 0)) return
  const state = other === undefined ? 'it names no pods' : 'it goes with names of pods and patterns only'
  throw new KcapError('usage', `cannot use ${option} here: ${state}`, {
    hints: ['kcap -l app=orders -A', "kcap -A 'orders-*'"],
  })
}

/** Refuses a node for targets that are no pods. */
function refuseIdleNode(names: readonly TargetName[], onNode: string | undefined): void {
  const other = names.find(({ kind }) => kind === 'node' || kind === 'ssh' || kind === 'local' || kind === 'stream')
  if (onNode === undefined || other === undefined) return
  throw new KcapError('usage', 'cannot use --on-node here: it goes with pods, services and workloads only', {
    hints: ['kcap svc/orders --on-node worker-1', line('kcap', `node/${onNode}`)],
  })
}

/** Returns the cluster and namespace in which to look up names. */
export function makeClusterScope(parsed: ParsedArguments): ClusterScope {
  const kubeconfig = parsed.text('kubeconfig')
  const onNode = parsed.text('on-node')
  const actAs = { user: parsed.text('as'), groups: parsed.list('as-group'), uid: parsed.text('as-uid') }
  const isAnother = actAs.user !== undefined || actAs.groups.length > 0 || actAs.uid !== undefined
  return {
    ...(isAnother && { actAs }),
    kubeconfigPaths: kubeconfig === undefined ? undefined : [kubeconfig],
    context: parsed.text('context'),
    namespace: parsed.text('namespace'),
    container: parsed.text('container'),
    ...(onNode !== undefined && { onNode }),
  }
}

function readAmount(parsed: ParsedArguments, option: 'debug-cpu' | 'debug-memory'): string | undefined {
  const text = parsed.text(option)
  return text === undefined ? undefined : checkKubeQuantity(option, text)
}

/** Returns how long to reconnect. In a window, somebody notices that the capture has stalled; nobody may be watching a command line. */
function chooseReconnect(text: string | undefined, output: OutputName): number {
  if (text === 'forever') return Number.POSITIVE_INFINITY
  if (text === '0') return 0
  if (text !== undefined) return parseDuration('reconnect', text)
  return output.kind === 'fifo' || output.kind === 'wireshark' ? Number.POSITIVE_INFINITY : defaultReconnectMs
}

function checkInterfaceName(name: string): string {
  // IFNAMSIZ is 16 including the NUL; libpcap's own names (usbmon, bluetooth-monitor, nflog:5) are longer.
  if (/^[^\s/\p{C}-][^\s/\p{C}]{0,63}$/u.test(name)) return name
  throw new KcapError('usage', `cannot use --iface "${name}": it can be no name of an interface`, {
    hints: ['--iface any', '--iface eth0'],
  })
}

/** Returns ports as numbers if this machine knows the service. Many containers lack the /etc/services that their tcpdump would read. */
function readPorts(lists: readonly string[]): string[] {
  return lists
    .flatMap((list) => list.split(','))
    .map((port) => port.trim())
    .map((port) => (isServiceName(port) ? String(findServicePort(port) ?? port) : port))
}
