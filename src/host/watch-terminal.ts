import { isatty } from 'node:tty'

/**
 * Watches the terminal that started this process. Returns a function to call when everything has ended. If the terminal is gone, that function ends
 * the process like a default hang-up. Node 20 would abort or crash instead, because at exit it resets terminals that no longer exist (`ResetStdio` in
 * its src/node.cc).
 */
export function watchTerminal(): () => void {
  const terminals = [0, 1, 2].filter((file) => isatty(file))
  // Writes to it fail from then on.
  if (terminals.includes(1)) process.stdout.on('error', () => {})
  if (terminals.includes(2)) process.stderr.on('error', () => {})
  return () => {
    if (terminals.every((file) => isatty(file))) return
    process.removeAllListeners('SIGHUP')
    process.kill(process.pid, 'SIGHUP')
  }
}
