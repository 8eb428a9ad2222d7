import { pullPolicies, vias } from '../base/capture-request.ts'
import { releaseImage } from '../settings/release-image.ts'
import type { OptionRow } from './option-row.ts'

/** Requirements and side effects of each route; `local` is for the shell on a node. */
const routeChoices = {
  auto: 'automatic: the first below that creates nothing',
  exec: 'exec: tcpdump in the container',
  kubectl: 'kubectl: the same by kubectl exec',
  ephemeral: 'ephemeral: adds a debug container to the pod, for as long as the pod lives',
  'node-pod': 'node-pod: creates a pod on the node, deletes it afterwards',
  ssh: 'ssh: tcpdump on the node; needs its SSH host',
}

/** Options for the route to the packets, and for what a route may create or copy. */
export const routeOptions = [
  {
    group: 'Target',
    name: 'via',
    kind: 'text',
    value: 'ROUTE',
    choices: vias,
    help: 'route: exec, kubectl, ssh, local; ephemeral and node-pod create something (auto)',
    dialog: {
      type: 'selector',
      display: 'Route',
      tooltip: 'How kcap gets at the packets of the pod.',
      choices: routeChoices,
      on: ['pod', 'workload', 'cluster'],
    },
  },
  {
    group: 'Target',
    name: 'yes',
    kind: 'flag',
    help: 'create a debug container or a pod on the node without asking',
  },
  {
    group: 'Target',
    name: 'debug-image',
    kind: 'text',
    value: 'IMAGE',
    help: "image of debug containers and node pods (this version's)",
    dialog: {
      type: 'string',
      display: 'Debug image',
      tooltip: 'Image of the ephemeral container, or of the pod on the node. It must have sh and tcpdump.',
      on: ['pod', 'workload', 'cluster'],
      placeholder: releaseImage,
    },
  },
  {
    group: 'Target',
    name: 'debug-namespace',
    kind: 'text',
    value: 'NS',
    offers: 'namespaces',
    help: 'namespace of node pods (that of the captured pod)',
  },
  {
    group: 'Target',
    name: 'debug-cpu',
    kind: 'text',
    value: 'CPU',
    help: 'CPU request and limit of node pods (50m, no limit)',
  },
  {
    group: 'Target',
    name: 'debug-memory',
    kind: 'text',
    value: 'SIZE',
    help: 'memory request and limit of node pods (64Mi, 256Mi)',
  },
  {
    group: 'Target',
    name: 'debug-pull-policy',
    kind: 'text',
    value: 'POLICY',
    choices: pullPolicies,
    help: "pull policy of the debug image: Always, IfNotPresent or Never (the cluster's)",
  },
  {
    group: 'Target',
    name: 'privileged',
    kind: 'flag',
    help: 'make debug containers and node pods privileged',
  },
  {
    group: 'Target',
    name: 'upload-tcpdump',
    kind: 'text',
    value: 'FILE',
    offers: 'files',
    help: 'static tcpdump to copy into the container for the capture',
  },
] as const satisfies readonly OptionRow[]
