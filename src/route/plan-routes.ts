import type { CreatingRoute, RouteName } from '../base/capture-request.ts'
import type { ErrorCode } from '../base/error-codes.ts'
import { type Hint, line } from '../base/hint.ts'

/** Facts that decide which routes into a pod are open. An unknown permission or version is undefined, and assumed to suffice. */
export interface RouteFacts {
  readonly namespace: string
  /** Why kube exec did not capture; undefined: it captures, or was not tried. */
  readonly execFailure: { readonly code: ErrorCode; readonly message: string } | undefined
  readonly rights: {
    readonly getExec: boolean | undefined
    readonly createExec: boolean | undefined
    readonly patchEphemeral: boolean | undefined
    /** Permissions for pods and exec in the namespace where node pods are created. */
    readonly createPods: boolean | undefined
    readonly deletePods: boolean | undefined
    readonly getNodeExec: boolean | undefined
    readonly createNodeExec: boolean | undefined
  }
  readonly hasKubectl: boolean
  /** Minor version of the API server: 34 for 1.34. */
  readonly minorVersion: number | undefined
  /** Pod security level that the namespaces enforce: `privileged`, `baseline`, `restricted`, `none`, or `unknown`. */
  readonly podSecurity: string
  readonly nodePodSecurity: string
  /** Namespace where node pods are created. */
  readonly nodePodNamespace: string
  readonly isWindows: boolean
  /** Whether the kubelet made the pod from a file; the API server only shows it. */
  readonly isStatic: boolean
  /** SSH host of the node, if the user named one. */
  readonly sshHost: string | undefined
  /** Why that host can't be used; undefined: it can, or was not tried. */
  readonly sshFailure?: { readonly message: string; readonly lift: readonly Hint[] } | undefined
}

/** A route, and whether it can be taken. */
export interface PlannedRoute {
  readonly via: RouteName
  /** `consent`: it would create something, and nobody has allowed it yet. */
  readonly state: 'open' | 'consent' | 'refused'
  /** What the route does, or why it can't be taken, in a few words. */
  readonly reason: string
  /** Whether it is refused because the login lacks a permission. */
  readonly lacksRight: boolean
  /** Remedies for the refusal, ready to paste. */
  readonly lift: readonly Hint[]
}

/** First minor version in which a WebSocket exec needs `create` too; before it, `get` alone is enough. */
export const firstCreateVersion = 35

/** First minor version with ephemeral containers by default; they are stable from 1.25 on. */
export const firstEphemeralVersion = 23

export const whatItLeaves: Readonly<Record<CreatingRoute, string>> = {
  ephemeral: "adds a debug container to the pod; it stops by itself, its entry stays in the pod's spec",
  'node-pod': 'creates a temporary pod on the node, and deletes it after the capture',
}

/** Plans all routes into a pod, in the order to try them: the route that needs and leaves the least comes first. */
export function planRoutes(facts: RouteFacts, consent: ReadonlySet<CreatingRoute>): PlannedRoute[] {
  return [
    planExec(facts),
    planKubectl(facts),
    planSsh(facts),
    planEphemeral(facts, consent),
    planNodePod(facts, consent),
  ]
}

function planExec({ execFailure, rights, minorVersion }: RouteFacts): PlannedRoute {
  if (execFailure !== undefined)
    return execFailure.code === 'api-forbidden'
      ? lacking('exec', execFailure.message)
      : refused('exec', execFailure.message)
  const verb = findMissingVerb(rights.getExec, rights.createExec, minorVersion)
  if (verb !== undefined) return lacking('exec', `the login has no "${verb}" on "pods/exec"`)
  return open('exec', 'the capture program of the container')
}

/** Returns the verb whose absence makes the API server refuse a WebSocket exec. */
function findMissingVerb(
  mayGet: boolean | undefined,
  mayCreate: boolean | undefined,
  minorVersion: number | undefined,
): string | undefined {
  if (mayGet === false) return 'get'
  return mayCreate === false && minorVersion !== undefined && minorVersion >= firstCreateVersion ? 'create' : undefined
}

function planKubectl({ execFailure, rights, hasKubectl }: RouteFacts): PlannedRoute {
  const isOnlyRefused = execFailure === undefined ? rights.getExec === false : execFailure.code === 'api-forbidden'
  if (execFailure !== undefined && !isOnlyRefused)
    return refused('kubectl', 'it would meet the same in the container as exec')
  if (!hasKubectl) return refused('kubectl', 'there is no "kubectl" on PATH')
  if (rights.createExec === false) return lacking('kubectl', 'the login has no "create" on "pods/exec"')
  return open('kubectl', 'the same by your kubectl, whose exec is a POST')
}

function planSsh({ sshHost, sshFailure }: RouteFacts): PlannedRoute {
  if (sshFailure !== undefined) return refused('ssh', sshFailure.message, sshFailure.lift)
  if (sshHost === undefined)
    return refused('ssh', 'no SSH host of its node is named', [line('--ssh-host', 'NODE', '--ssh-user', 'root')])
  return open('ssh', `the pod's network, entered on ${sshHost}`)
}

function planEphemeral(facts: RouteFacts, consent: ReadonlySet<CreatingRoute>): PlannedRoute {
  const { rights, namespace, minorVersion, podSecurity } = facts
  if (facts.isWindows) return refused('ephemeral', 'the pod runs on Windows, which kcap has no debug container for')
  if (facts.isStatic) return refused('ephemeral', 'it is a static pod, which the API cannot change')
  if (minorVersion !== undefined && minorVersion < firstEphemeralVersion)
    return refused('ephemeral', `Kubernetes 1.${minorVersion} has no ephemeral containers`)
  if (refusesExec(facts)) return refused('ephemeral', policyReason)
  if (rights.patchEphemeral === false)
    return lacking('ephemeral', 'the login has no "patch" on "pods/ephemeralcontainers"')
  const verb = findMissingVerb(rights.getExec, rights.createExec, minorVersion)
  if (verb !== undefined) return lacking('ephemeral', `the login has no "${verb}" on "pods/exec"`)
  if (podSecurity === 'restricted')
    return refused('ephemeral', `the namespace "${namespace}" enforces the pod security level "restricted"`)
  return creating('ephemeral', consent)
}

function planNodePod(facts: RouteFacts, consent: ReadonlySet<CreatingRoute>): PlannedRoute {
  const { rights, namespace, nodePodNamespace, nodePodSecurity, minorVersion } = facts
  if (facts.isWindows)
    return refused('node-pod', 'its node is a Windows machine, which kcap has no capture program for')
  if (nodePodNamespace === namespace && refusesExec(facts))
    return refused('node-pod', policyReason, [line('--debug-namespace', 'kube-system')])
  const place = `in the namespace "${nodePodNamespace}"`
  for (const [verb, isAllowed] of [
    ['create', rights.createPods],
    ['delete', rights.deletePods],
  ] as const)
    if (isAllowed === false) return lacking('node-pod', `the login has no "${verb}" on "pods" ${place}`)
  const verb = findMissingVerb(rights.getNodeExec, rights.createNodeExec, minorVersion)
  if (verb !== undefined) return lacking('node-pod', `the login has no "${verb}" on "pods/exec" ${place}`)
  if (nodePodSecurity === 'restricted' || nodePodSecurity === 'baseline')
    return refused(
      'node-pod',
      `the namespace "${nodePodNamespace}" enforces the pod security level "${nodePodSecurity}"`,
      [line('--debug-namespace', 'kube-system')],
    )
  return creating('node-pod', consent)
}

/** Reports whether a policy refused exec. Unlike a missing permission, a policy also refuses everything else that needs exec there. */
function refusesExec({ execFailure }: RouteFacts): boolean {
  return execFailure?.code === 'admission-refused'
}
const policyReason = 'it needs exec, which the cluster refuses there'

function creating(via: CreatingRoute, consent: ReadonlySet<CreatingRoute>): PlannedRoute {
  const state = consent.has(via) ? 'open' : 'consent'
  return { via, state, reason: whatItLeaves[via], lacksRight: false, lift: [line('--via', via)] }
}

function open(via: RouteName, reason: string): PlannedRoute {
  return { via, state: 'open', reason, lacksRight: false, lift: [] }
}

function refused(via: RouteName, reason: string, lift: readonly Hint[] = []): PlannedRoute {
  return { via, state: 'refused', reason, lacksRight: false, lift }
}

function lacking(via: RouteName, reason: string): PlannedRoute {
  return { via, state: 'refused', reason, lacksRight: true, lift: [] }
}
