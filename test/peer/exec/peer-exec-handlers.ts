import type { DemoPods } from '../../../src/demo/cluster/demo-pods.ts'
import { findContainerNamed } from '../../../src/demo/cluster/kube-object.ts'
import { type ContainerTools, demoTools } from '../../../src/demo/exec/container-tools.ts'
import { type ExecHandlers, makeExecHandlers } from '../../../src/demo/exec/exec-handlers.ts'
import { deniedByPolicy } from '../api/failures.ts'
import { makeMisbehavingRun } from '../misbehaviour/misbehaving-run.ts'
import type { MisbehaviourBook } from '../misbehaviour/misbehaviour.ts'
import { runDumpcap } from './dumpcap.ts'
import type { PeerSockets } from './peer-sockets.ts'

export type ToolsName = 'tcpdump' | 'dumpcap' | 'no-tcpdump' | 'no-shell' | 'no-permission'

/** tshark only starts dumpcap, and knows the same options. */
const wiresharkPrograms = ['dumpcap', 'tshark'].map((name) => ({
  name,
  filterWords: (filter: string) => ['-f', filter],
  run: runDumpcap,
}))
const peerTools: Readonly<Record<string, ContainerTools>> = {
  ...demoTools,
  dumpcap: { hasShell: true, mayCapture: true, programs: wiresharkPrograms },
}

/** Returns handlers with more capture programs, images of known contents, and pods that misbehave. */
export function makePeerExecHandlers(
  pods: DemoPods,
  sockets: PeerSockets,
  misbehaviour: MisbehaviourBook,
  imageTools: Readonly<Record<string, ToolsName>>,
): ExecHandlers {
  const demo = makeExecHandlers(pods)
  return {
    admit(pod) {
      const { execPolicy } = misbehaviour.of(pod)
      return execPolicy === undefined ? undefined : deniedByPolicy(pod.replace(/^.*\//, ''), execPolicy)
    },
    askKubelet(pod, container) {
      const { kubelet } = misbehaviour.of(`${pod.metadata.namespace}/${pod.metadata.name}`)
      // k8s.io/apimachinery/pkg/util/httpstream/spdy/roundtripper.go, NewConnection.
      if (kubelet === 'away') return 'error sending request: dial tcp 192.168.49.2:10250: connect: connection refused'
      if (kubelet === 'new') return 'unable to upgrade connection: pod does not exist'
      return demo.askKubelet(pod, container)
    },
    toolsOf(pod, container) {
      const image = findContainerNamed(pod, container)?.image ?? ''
      return peerTools[imageTools[image] ?? pods.toolsOf(pod, container)] as ContainerTools
    },
    openSocket: sockets.open,
    run: makeMisbehavingRun(misbehaviour),
  }
}
