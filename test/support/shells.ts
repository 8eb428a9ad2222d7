import { execFileSync } from 'node:child_process'

/** The shells that remote sides have, as far as this machine has them, each with the words that start it. */
export const shells: readonly (readonly string[])[] = [
  ['dash'],
  ['bash', '--posix'],
  ['busybox', 'ash'],
  ['sh'],
].filter(([program = '']) => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`])
    return true
  } catch {
    return false
  }
})

/** Without the one that is one of the others under another name. */
export const distinctShells = shells.length > 1 ? shells.filter(([program]) => program !== 'sh') : shells
