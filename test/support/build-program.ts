import { execFileSync } from 'node:child_process'

/** Tests that start kcap start what is in the sources now. */
export function setup(): void {
  execFileSync(process.execPath, ['build.js'], { stdio: 'inherit' })
}
