import type { WebSocket } from 'ws'
import type { Status } from '../api/status.ts'
import type { DemoPods } from '../cluster/demo-pods.ts'
import type { Pod } from '../cluster/kube-object.ts'
import { type ContainerTools, demoTools } from './container-tools.ts'
import type { ExecEnd } from './exec-protocol.ts'
import { isContainerRunning, type ReceivedExec } from './exec-request.ts'
import { type ExecSocket, wrapExecSocket } from './exec-socket.ts'
import { type ExecSettings, runExec } from './run-exec.ts'

/** Parts of exec that the tests' peer replaces. `pod` is `NAMESPACE/NAME`. */
export interface ExecHandlers {
  /** Returns the refusal of an admission plugin. */
  admit(pod: string): Status | undefined
  /** Returns the refusal of the kubelet, or of the API server in its place, in the API server's words. */
  askKubelet(pod: Pod, container: string): string | undefined
  /** Returns a container's capture tools. */
  toolsOf(pod: Pod, container: string): ContainerTools
  openSocket(client: WebSocket, request: ReceivedExec, pod: string): ExecSocket
  run(io: ExecSocket, settings: ExecSettings, pod: string): Promise<ExecEnd>
}

/** Returns the demo's own handlers: nothing is denied, and all programs run unchanged. */
export function makeExecHandlers(pods: DemoPods): ExecHandlers {
  return {
    admit: () => undefined,
    // k8s.io/kubernetes/pkg/kubelet/server/server.go, getExec.
    askKubelet: (pod, container) =>
      isContainerRunning(pod, container)
        ? undefined
        : `unable to upgrade connection: container not found (${JSON.stringify(container)})`,
    toolsOf: (pod, container) => demoTools[pods.toolsOf(pod, container)] as ContainerTools,
    openSocket: wrapExecSocket,
    run: runExec,
  }
}
