/** Running programs in the cluster's containers. */
export interface ExecRegistry {
  /** Adds a program. `killed` aborts when its container ends; `serial` counts the programs that this pod has run. */
  add(pod: string, container: string): { readonly killed: AbortSignal; readonly serial: number; remove(): void }
  count(pod?: string): number
  /** Settles when the last program has ended. */
  settled(): Promise<void>
  /** Kills programs with SIGKILL: those of a pod, of some of its containers, or all. */
  kill(pod?: string, containers?: readonly string[]): void
}

export function makeExecRegistry(): ExecRegistry {
  let wake = () => {}
  const started = new Map<string, number>()
  const running = new Set<{ pod: string; container: string; controller: AbortController }>()
  const of = (pod: string | undefined) => [...running].filter((exec) => pod === undefined || exec.pod === pod)
  return {
    add(pod, container) {
      const exec = { pod, container, controller: new AbortController() }
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
  }
}
