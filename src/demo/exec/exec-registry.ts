import type { ExecSocket } from './exec-socket.ts'

/** The programs that run in containers of the cluster. */
export interface ExecRegistry {
  /** `killed` is the container's end; `serial` counts the programs this pod has run. */
  add(
    pod: string,
    container: string,
    socket: ExecSocket,
  ): { readonly killed: AbortSignal; readonly serial: number; remove(): void }
  count(pod?: string): number
  /** When the last program has ended. */
  settled(): Promise<void>
  /** Ends the programs of a pod, of some of its containers, or all, with SIGKILL. */
  kill(pod?: string, containers?: readonly string[]): void
  /** Cuts or stalls the connections of a pod's programs, or all. */
  cut(pod?: string): void
  /** Ends the connections as an API server does whose kubelet has gone: k8s.io/apimachinery/pkg/util/proxy/streamtranslator.go. */
  drop(pod?: string): void
  stall(pod?: string): void
}

export function makeExecRegistry(): ExecRegistry {
  let wake = () => {}
  const started = new Map<string, number>()
  const running = new Set<{ pod: string; container: string; socket: ExecSocket; controller: AbortController }>()
  const of = (pod: string | undefined) => [...running].filter((exec) => pod === undefined || exec.pod === pod)
  return {
    add(pod, container, socket) {
      const exec = { pod, container, socket, controller: new AbortController() }
      running.add(exec)
      const serial = started.get(pod) ?? 0
      started.set(pod, serial + 1)
      const remove = () => {
        running.delete(exec)
        wake()
      }
      return { killed: exec.controller.signal, serial, remove }
    },
    count: (pod) => of(pod).length,
    async settled() {
      while (running.size > 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    kill(pod, containers) {
      for (const { container, controller } of of(pod))
        if (containers === undefined || containers.includes(container)) controller.abort()
    },
    cut(pod) {
      for (const { socket } of of(pod)) socket.cut()
    },
    drop(pod) {
      for (const { socket } of of(pod)) {
        if (socket.protocol === 'v4.channel.k8s.io') socket.cut()
        else void socket.finish({ metadata: {}, status: 'Success' })
      }
    },
    stall(pod) {
      for (const { socket } of of(pod)) socket.stall()
    },
  }
}
