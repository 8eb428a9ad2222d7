import { spawnSync } from 'node:child_process'

/** Reports whether all these programs are on PATH. A name is a constant of the test, not untrusted input. */
export function hasPrograms(...names: readonly string[]): boolean {
  return names.every((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0)
}

/** Whether this machine has the `script` that opens a pseudo-terminal for a program. */
export const hasScript = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0
