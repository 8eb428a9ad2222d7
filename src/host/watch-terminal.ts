import { isatty } from 'node:tty'

/**
 * Watches over the terminal that this process was started from. Returns a function, to be called when everything has ended, that ends the process as a
 * hang-up does by default if the terminal is gone: Node 20 would abort or crash instead, because at its exit it sets back terminals that are not there
 * (`ResetStdio` in its src/node.cc).
 */
export function watchTerminal(): () => void {
  const terminals = [0, 1, 2].filter((file) => isatty(file))
  // Whatever is written to it then fails.
  if (terminals.includes(1)) process.stdout.on('error', () => {})
  if (terminals.includes(2)) process.stderr.on('error', () => {})
  return () => {
    if (terminals.every((file) => isatty(file))) return
    process.removeAllListeners('SIGHUP')
    process.kill(process.pid, 'SIGHUP')
  }
}
