import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Returns the direct and indirect children of a process that still are its descendants. */
export function listDescendants(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const [child, parent] of listParents()) children.set(parent, [...(children.get(parent) ?? []), child])
  const found: number[] = []
  const visit = (one: number) => {
    for (const child of children.get(one) ?? []) {
      found.push(child)
      visit(child)
    }
  }
  visit(pid)
  return found
}

/** Returns pairs of a process and its parent. */
function listParents(): [number, number][] {
  return process.platform === 'linux' ? readProcesses() : askPs()
}

/** Reads the pairs from /proc. proc_pid_stat(5): the state and the parent follow the name, which may contain spaces and parentheses. */
function readProcesses(): [number, number][] {
  return readNames('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'latin1')
      return [[Number(name), Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1])] as [number, number]]
    } catch {
      return []
    }
  })
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function askPs(): [number, number][] {
  if (process.platform === 'win32') return []
  try {
    const text = execFileSync('/bin/ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'latin1', timeout: 2_000 })
    return text.split('\n').map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
  } catch {
    return []
  }
}
