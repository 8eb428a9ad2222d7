import { hostname, networkInterfaces } from 'node:os'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { RemoteProcess } from '../base/remote-process.ts'
import { formatTarget, type LocalTarget, type NodeTarget, type PodTarget, type Sudo } from '../base/target.ts'
import { accountLabel } from '../host/account.ts'
import { startProgramProcess } from '../host/program-process.ts'
import type { ConnectSshOptions } from '../ssh/ssh-context.ts'
import { makeSudoPasswords } from '../ssh/sudo-passwords.ts'
import { enterPod } from './enter-pod.ts'
import type { Route } from './route.ts'

export interface LocalRouteOptions {
  /** How a person is asked for a password. */
  readonly ssh: ConnectSshOptions
  /** Program that starts the capture program as root; absent means none. */
  readonly localSudo?: Sudo | undefined
  /** Ports that carry the packets of this capture to its readers. */
  readonly ownPorts?: readonly number[] | undefined
}

/**
 * Opens a route to this machine's own network, or to that of a pod that runs on it. Leaves out what would capture itself: the stream to the
 * readers of a shared capture, and the SSH connection of the shell that kcap runs in.
 * @throws {KcapError} usage — when this machine is no Linux
 * @throws {KcapError} pod-not-on-node — when nothing identifies the pod on its node, or this machine is another node
 */
export function openLocalRoute(
  target: PodTarget | NodeTarget | LocalTarget,
  { localSudo = 'none', ownPorts = [], ssh }: LocalRouteOptions,
): Route {
  if (process.platform !== 'linux') {
    throw new KcapError('usage', `cannot capture "${formatTarget(target)}" on this machine: it must run Linux`, {
      hints: ['tcpdump -i any -w FILE captures on other systems'],
    })
  }
  if (target.kind === 'node' || (target.kind === 'pod' && target.hostNetwork)) refuseOtherNode(target)
  const self = { user: accountLabel(), host: hostname(), batchMode: false }
  const entersPod = target.kind === 'pod' && !target.hostNetwork
  return {
    via: 'local',
    description: entersPod ? "the pod's network on this machine" : 'this machine',
    start: startHere,
    network: entersPod ? enterPod(target) : { kind: 'here' },
    ownStream: entersPod ? { kind: 'elsewhere' } : { kind: 'local', ports: ownPorts },
    sudo: localSudo,
    nextSudoPassword: makeSudoPasswords({ host: self, isUnproven: () => false }, ssh),
    close: async () => {},
  }
}

function refuseOtherNode(target: NodeTarget | PodTarget): void {
  const { node, nodeAddress } = target
  const own = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address))
  if (nodeAddress === undefined || own.includes(nodeAddress)) return
  throw new KcapError(
    'pod-not-on-node',
    `cannot capture "${formatTarget(target)}" on this machine: it does not have the address ${nodeAddress} of node "${node}"`,
    { hints: ['leave --via out, or run kcap on the node', line('kcap', 'local')] },
  )
}

async function startHere(argv: readonly string[], signal: AbortSignal): Promise<RemoteProcess> {
  signal.throwIfAborted()
  const [program = 'sh', ...words] = argv
  return await startProgramProcess({
    argv: [program, ...words],
    environment: {},
    explainEnd: ({ exitCode, lossReason }) =>
      lossReason === undefined
        ? { kind: 'exited', code: exitCode ?? 1 }
        : { kind: 'lost', error: new KcapError('connection-lost', `cannot continue capturing here: ${lossReason}`) },
  })
}
