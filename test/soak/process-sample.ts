import { readdirSync, readFileSync } from 'node:fs'

/** Resources of a process, as the kernel accounts them. */
export interface ProcessSample {
  readonly atSeconds: number
  readonly residentMib: number
  readonly descriptors: number
  readonly threads: number
  readonly children: number
}

/** Throws when the process is gone. */
export function sampleProcess(pid: number, atSeconds: number): ProcessSample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const figure = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  const tasks = readdirSync(`/proc/${pid}/task`)
  const children = tasks.flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  )
  return {
    atSeconds,
    residentMib: figure('VmRSS') / 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: figure('Threads'),
    children: children.length,
  }
}
