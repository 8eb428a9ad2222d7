import type WebSocket from 'ws'
import type { ReceivedExec } from '../../../src/demo/exec/exec-request.ts'
import { type ExecSocket, wrapExecSocket } from '../../../src/demo/exec/exec-socket.ts'
import { misbehaveSocket, type PeerSocket } from '../misbehaviour/misbehaving-socket.ts'
import type { MisbehaviourBook } from '../misbehaviour/misbehaviour.ts'
import { v4 } from './v4-protocol.ts'

/** The connections of the programs that run in pods; without a pod's name all of them. */
export interface PeerSockets {
  open(client: WebSocket, request: ReceivedExec, pod: string): ExecSocket
  /** Cuts them, without a close frame. */
  cut(pod?: string): void
  /** Ends them as an API server does whose kubelet has gone: k8s.io/apimachinery/pkg/util/proxy/streamtranslator.go. */
  drop(pod?: string): void
  stall(pod?: string): void
}

export function makePeerSockets(misbehaviour: MisbehaviourBook): PeerSockets {
  const connections = new Set<{ pod: string; protocol: string; socket: PeerSocket }>()
  const of = (pod: string | undefined) => [...connections].filter((known) => pod === undefined || known.pod === pod)
  return {
    open(client, request, pod) {
      const socket = misbehaveSocket(client, wrapExecSocket(client, request), misbehaviour.of(pod))
      const connection = { pod, protocol: client.protocol, socket }
      connections.add(connection)
      void socket.gone.then(() => connections.delete(connection))
      return socket
    },
    cut(pod) {
      for (const { socket } of of(pod)) socket.cut()
    },
    drop(pod) {
      for (const { protocol, socket } of of(pod)) {
        if (protocol === v4.name) socket.cut()
        else void socket.finish({ metadata: {}, status: 'Success' })
      }
    },
    stall(pod) {
      for (const { socket } of of(pod)) socket.stall()
    },
  }
}
