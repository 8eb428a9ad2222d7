import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'

export const programPath = path.resolve('dist/kcap.cjs')

export interface KcapRun {
  readonly child: ChildProcess
  readonly ended: Promise<{ code: number | null; stdout: Buffer; stderr: string }>
}

/** An environment without kubeconfig, agent and config file, and with a cache that can't be written; each test names what it needs. */
export const bareEnvironment = {
  KUBECONFIG: '/nonexistent',
  SSH_AUTH_SOCK: undefined,
  SHELL: undefined,
  KCAP_CONFIG: undefined,
  XDG_CONFIG_HOME: '/dev/null',
  XDG_CACHE_HOME: '/dev/null',
}

/** Starts the built program as a user would, with what both outputs say kept. */
export function startKcap(argv: readonly string[], environment: Record<string, string | undefined> = {}): KcapRun {
  const child = spawn(process.execPath, [programPath, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...bareEnvironment, ...environment },
  })
  const stdout: Buffer[] = []
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8')
  })
  const ended = new Promise<{ code: number | null; stdout: Buffer; stderr: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout: Buffer.concat(stdout), stderr }))
  })
  return { child, ended }
}

export async function runKcap(argv: readonly string[], environment: Record<string, string | undefined> = {}) {
  return await startKcap(argv, environment).ended
}
