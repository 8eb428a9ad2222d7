import { readFileSync } from 'node:fs'
import path from 'node:path'

const servicesFile =
  process.platform === 'win32'
    ? path.join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'drivers', 'etc', 'services')
    : '/etc/services'

/**
 * Returns the port for a service's name or alias on this machine; undefined if there is none, or a different one for each protocol.
 * https://man7.org/linux/man-pages/man5/services.5.html
 */
export function findServicePort(name: string, file = servicesFile): number | undefined {
  const ports = new Set<number>()
  for (const line of readLines(file)) {
    const [official, port = '', ...aliases] = (line.split('#')[0] ?? '').trim().split(/\s+/)
    if (official === name || aliases.includes(name)) ports.add(Number.parseInt(port, 10))
  }
  const [port] = ports
  return ports.size === 1 && port !== undefined && port <= 65_535 ? port : undefined
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}
