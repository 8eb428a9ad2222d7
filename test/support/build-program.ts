import { execFileSync } from 'node:child_process'

/** Shared by the projects of one run, each of which has its own copy of this module. */
const run = globalThis as { isProgramBuilt?: boolean }

/** Tests that start kcap start what is in the sources now. */
export function setup(): void {
  if (run.isProgramBuilt) return
  execFileSync(process.execPath, ['build.js'], { stdio: 'inherit' })
  run.isProgramBuilt = true
}
