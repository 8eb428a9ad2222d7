import type { CreatingRoute, RouteName } from '../base/capture-request.ts'
import type { ErrorCode } from '../base/error-codes.ts'
import { type Hint, line } from '../base/hint.ts'

/** What decides which ways into a pod are open. A right, a level or a version that nobody tells is undefined, and taken for good. */
export interface RouteFacts {
  readonly namespace: string
  /** Why kube exec did not capture; undefined: it does, or was not tried. */
  readonly execFailure: { readonly code: ErrorCode; readonly message: string } | undefined
  readonly rights: {
    readonly getExec: boolean | undefined
    readonly createExec: boolean | undefined
    readonly patchEphemeral: boolean | undefined
    /** In the namespace where pods on nodes are created. */
    readonly createPods: boolean | undefined
    readonly getNodeExec: boolean | undefined
  }
  readonly hasKubectl: boolean
  /** Of the API server: 34 of 1.34. */
  readonly minorVersion: number | undefined
  /** `privileged`, `baseline`, `restricted`: what the namespaces enforce; undefined also where they enforce nothing. */
  readonly podSecurity: string | undefined
  readonly nodePodSecurity: string | undefined
  /** Where pods on nodes are created. */
  readonly nodePodNamespace: string
  readonly isWindows: boolean
  /** Made by the kubelet from a file: the API server only shows it. */
  readonly isStatic: boolean
  /** The node's own host, if the user named it. */
  readonly sshHost: string | undefined
  /** Why that host can't be used; undefined: it can, or was not tried. */
  readonly sshFailure?: { readonly message: string; readonly lift: readonly Hint[] } | undefined
}

/** One way, and whether it can be gone. */
export interface PlannedRoute {
  readonly via: RouteName
  /** `consent`: it would create something, and nobody has allowed it yet. */
  readonly state: 'open' | 'consent' | 'refused'
  /** In a few words: what it does, or why it can't be gone. */
  readonly reason: string
  /** What would lift the refusal, to be pasted. */
  readonly lift: readonly Hint[]
}

/** Ephemeral containers are stable from 1.25 on, and on by default from 1.23. */
export const firstEphemeralVersion = 23

export const whatItLeaves: Readonly<Record<CreatingRoute, string>> = {
  ephemeral: "a debug container joins the pod; it ends by itself, its name stays in the pod's spec",
  'node-pod': "a pod of kcap's own runs on the node while it captures, and is deleted then",
}

/** All ways into a pod in the order in which they are to be tried: the one that needs and leaves the least first. */
export function planRoutes(facts: RouteFacts, consent: ReadonlySet<CreatingRoute>): PlannedRoute[] {
  return [
    planExec(facts),
    planKubectl(facts),
    planSsh(facts),
    planEphemeral(facts, consent),
    planNodePod(facts, consent),
  ]
}

function planExec({ execFailure, rights, namespace }: RouteFacts): PlannedRoute {
  if (execFailure !== undefined) {
    const isForbidden = execFailure.code === 'api-forbidden'
    return refused('exec', execFailure.message, isForbidden ? grant('get,create', 'pods/exec', namespace) : [])
  }
  if (rights.getExec === false)
    return refused('exec', 'the login has no "get" on "pods/exec"', grant('get,create', 'pods/exec', namespace))
  return { via: 'exec', state: 'open', reason: 'the capture program of the container', lift: [] }
}

function planKubectl({ execFailure, rights, hasKubectl, namespace }: RouteFacts): PlannedRoute {
  const isOnlyRefused = execFailure === undefined ? rights.getExec === false : execFailure.code === 'api-forbidden'
  if (execFailure !== undefined && !isOnlyRefused)
    return refused('kubectl', `it would meet the same in the container as exec`)
  if (!hasKubectl) return refused('kubectl', 'there is no "kubectl" on PATH')
  if (rights.createExec === false)
    return refused('kubectl', 'the login has no "create" on "pods/exec"', grant('create', 'pods/exec', namespace))
  return { via: 'kubectl', state: 'open', reason: 'the same by your kubectl, whose exec is a POST', lift: [] }
}

function planSsh({ sshHost, sshFailure }: RouteFacts): PlannedRoute {
  if (sshFailure !== undefined) return refused('ssh', sshFailure.message, sshFailure.lift)
  if (sshHost === undefined)
    return refused('ssh', 'no SSH host of its node is named', [line('--ssh-host', 'NODE', '--ssh-user', 'root')])
  return { via: 'ssh', state: 'open', reason: `the pod's network, entered on ${sshHost}`, lift: [] }
}

function planEphemeral(facts: RouteFacts, consent: ReadonlySet<CreatingRoute>): PlannedRoute {
  const { rights, namespace, minorVersion, podSecurity } = facts
  if (facts.isWindows) return refused('ephemeral', 'the pod runs on Windows, which kcap has no debug container for')
  if (facts.isStatic) return refused('ephemeral', 'it is a static pod, which the API can not change')
  if (minorVersion !== undefined && minorVersion < firstEphemeralVersion)
    return refused('ephemeral', `Kubernetes 1.${minorVersion} has no ephemeral containers`)
  if (rights.patchEphemeral === false)
    return refused(
      'ephemeral',
      'the login has no "patch" on "pods/ephemeralcontainers"',
      grant('patch', 'pods/ephemeralcontainers', namespace),
    )
  if (rights.getExec === false)
    return refused('ephemeral', 'the login has no "get" on "pods/exec"', grant('get,create', 'pods/exec', namespace))
  if (podSecurity === 'restricted')
    return refused('ephemeral', `the namespace "${namespace}" enforces the pod security level "restricted"`, [
      line('kubectl', 'label', 'namespace', namespace, '--overwrite', 'pod-security.kubernetes.io/enforce=privileged'),
    ])
  return creating('ephemeral', consent)
}

function planNodePod(facts: RouteFacts, consent: ReadonlySet<CreatingRoute>): PlannedRoute {
  const { rights, nodePodNamespace, nodePodSecurity } = facts
  if (facts.isWindows)
    return refused('node-pod', 'its node is a Windows machine, which kcap has no capture program for')
  if (rights.createPods === false)
    return refused(
      'node-pod',
      `the login has no "create" on "pods" in the namespace "${nodePodNamespace}"`,
      grant('create,get,delete', 'pods', nodePodNamespace),
    )
  if (rights.getNodeExec === false)
    return refused(
      'node-pod',
      `the login has no "get" on "pods/exec" in the namespace "${nodePodNamespace}"`,
      grant('get,create', 'pods/exec', nodePodNamespace),
    )
  if (nodePodSecurity === 'restricted' || nodePodSecurity === 'baseline')
    return refused(
      'node-pod',
      `the namespace "${nodePodNamespace}" enforces the pod security level "${nodePodSecurity}"`,
      [line('--debug-namespace', 'kube-system')],
    )
  return creating('node-pod', consent)
}

function creating(via: CreatingRoute, consent: ReadonlySet<CreatingRoute>): PlannedRoute {
  return { via, state: consent.has(via) ? 'open' : 'consent', reason: whatItLeaves[via], lift: [line('--via', via)] }
}

function refused(via: RouteName, reason: string, lift: readonly Hint[] = []): PlannedRoute {
  return { via, state: 'refused', reason, lift }
}

function grant(verbs: string, resource: string, namespace: string): Hint[] {
  const name = `kcap-${resource.replaceAll('/', '-')}`
  return [
    line('kubectl', 'create', 'role', name, '-n', namespace, `--verb=${verbs}`, `--resource=${resource}`),
    line('kubectl', 'create', 'rolebinding', name, '-n', namespace, `--role=${name}`, '--user=NAME'),
  ]
}
