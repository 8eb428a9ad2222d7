import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'

/** A root with a shell, the C library that Node is linked with, and nothing else: no Node, no /proc, no /dev. */
export function makeBareRoot(root: string, nodeProgram: string): void {
  for (const folder of ['bin', 'tmp', 'root']) mkdirSync(path.join(root, folder), { recursive: true })
  copyFileSync('/bin/busybox', path.join(root, 'bin', 'busybox'))
  for (const name of ['sh', 'readlink']) symlinkSync('busybox', path.join(root, 'bin', name))
  const libraries = execFileSync('ldd', [nodeProgram]).toString()
  for (const [library] of libraries.matchAll(/\/\S+(?= \()/g)) {
    mkdirSync(path.join(root, path.dirname(library)), { recursive: true })
    copyFileSync(library, path.join(root, library))
  }
}

/** Runs a program with that root as its own, as one whose environment knows nothing of this machine. */
export function runInRoot(root: string, argv: readonly string[], environment: Record<string, string> = {}) {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LC_ALL: 'C.UTF-8', ...environment }
  const { status, stdout, stderr } = spawnSync('chroot', [root, ...argv], { env: { ...env }, encoding: 'utf8' })
  return { status, stdout, stderr }
}
