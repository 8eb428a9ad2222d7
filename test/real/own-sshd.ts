import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface OwnSshd {
  readonly pid: number
  /** Returns its log at the level VERBOSE. */
  readLog(): string
  /** Ends all connections at once, without a word; new ones are taken. */
  dropSessions(): void
  close(): Promise<void>
}

/** OpenSSH's own sshd on loopback, with a config of its own and nothing of this machine's. */
export async function startSshd(file: string, config: readonly string[]): Promise<OwnSshd> {
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const base = ['PidFile none', 'StrictModes no', 'LogLevel VERBOSE', 'Subsystem sftp internal-sftp']
  writeFileSync(file, `${[...base, ...config].join('\n')}\n`)
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString('utf8')
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const pid = child.pid ?? 0
  const sshd: OwnSshd = {
    pid,
    readLog: () => log,
    dropSessions: () => endBelow(pid),
    async close() {
      endBelow(pid)
      child.kill('SIGKILL')
      await ended
    },
  }
  for (let waited = 0; !log.includes('Server listening'); waited++) {
    if (child.exitCode !== null || waited > 200) throw new Error(`no sshd: ${log}`)
    await sleep(25)
  }
  return sshd
}

/** The processes that a process has started, and those that they have. */
export function listBelow(pid: number): number[] {
  let children: number[] = []
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    children = text.trim().split(' ').filter(Boolean).map(Number)
  } catch {} // it has ended
  return children.flatMap((child) => [child, ...listBelow(child)])
}

/** sshd's own only: what it runs for somebody ends by itself, as it would when a machine is gone. */
function endBelow(pid: number): void {
  for (const child of listBelow(pid)) {
    try {
      if (readFileSync(`/proc/${child}/comm`, 'utf8').trim() === 'sshd') process.kill(child, 'SIGKILL')
    } catch {} // it has ended
  }
}

/** Ports of loopback that nobody has, all different. */
export async function findPorts<const Name extends string>(names: readonly Name[]): Promise<Record<Name, number>> {
  const held: Server[] = []
  const ports = {} as Record<Name, number>
  for (const name of names) {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ports[name] = (server.address() as { port: number }).port
    held.push(server)
  }
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** `ssh-ed25519 AAAA…` of a key file, without its comment. */
export function readPublicKey(file: string): string {
  return readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ').trim()
}

export function inFolder(folder: string): (name: string) => string {
  return (name) => path.join(folder, name)
}
