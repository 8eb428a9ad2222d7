import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { quoteArgv } from '../../../src/base/quote.ts'
import type { ApiServers, SeenRequest } from '../../support/api-servers.ts'
import type { Proxies, SeenByProxy } from '../../support/proxies.ts'
import { programPath } from '../../support/run-kcap.ts'
import { lab } from '../lab.ts'

/** A kubeconfig with one context, and the files and variables around it. */
export interface LoginCase {
  readonly cluster: object
  readonly user?: object
  /** More fields of the context. */
  readonly context?: object
  /** Files next to the kubeconfig; those that begin with `#!` are executable. */
  readonly files?: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Whether to start in the folder of the kubeconfig; by default in another one. */
  readonly startsBeside?: boolean
  /** Options of both programs. */
  readonly flags?: readonly string[]
  /** Input typed at a terminal after a prompt that ends with `code: `; by default there is no terminal. */
  readonly types?: string
}

/** A case in which both programs must do the same, or differ as it says. */
export interface ParityRow extends LoginCase {
  readonly differs?: {
    /** Why kcap is stricter. */
    readonly because: string
    readonly kubectl: Partial<LoginOutcome>
    readonly kcap: Partial<LoginOutcome>
  }
}

/** Outcome of one program. */
export interface LoginOutcome {
  readonly succeeded: boolean
  readonly requests: readonly SeenRequest[]
  readonly proxies: readonly SeenByProxy[]
  /** Distinct lines that the case's plugins wrote to `plugin.log`. */
  readonly plugin: readonly string[]
}

export interface LoginRun extends LoginOutcome {
  readonly stderr: string
}

export interface Peers {
  readonly servers: ApiServers
  readonly proxies: Proxies
}

/** kubectl tries again for this long where nobody answers. */
const limitMs = 60_000
let count = 0

/** Runs `kubectl get pods -A` and `kcap list pods -A`, one after the other, with the same files and their own HOME. */
export async function runBoth(
  folder: string,
  peers: Peers,
  login: LoginCase,
): Promise<{ kubectl: LoginRun; kcap: LoginRun }> {
  const { flags = [] } = login
  return {
    kubectl: await runOne(folder, peers, login, [lab.kubectl, 'get', 'pods', '-A', '--request-timeout=5s', ...flags]),
    kcap: await runOne(folder, peers, login, [process.execPath, programPath, 'list', 'pods', '-A', ...flags]),
  }
}

async function runOne(
  folder: string,
  { servers, proxies }: Peers,
  login: LoginCase,
  argv: readonly [string, ...string[]],
): Promise<LoginRun> {
  // A folder of the same length for both: a path in a message must not make a difference.
  count += 1
  const home = path.join(folder, `home-${String(count).padStart(6, '0')}`)
  const elsewhere = path.join(home, 'elsewhere')
  await mkdir(elsewhere, { recursive: true })
  const files: Record<string, string> = { ...login.files, kubeconfig: formatKubeconfig(login) }
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(home, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text.replaceAll('@HOME@', home))
    if (text.startsWith('#!')) await chmod(file, 0o755)
  }
  servers.take()
  proxies.take()
  const { PATH } = process.env
  const environment: NodeJS.ProcessEnv = { PATH, HOME: home, KUBECONFIG: path.join(home, 'kubeconfig') }
  for (const [name, value] of Object.entries(login.environment ?? {}))
    environment[name] = value?.replaceAll('@HOME@', home)
  const cwd = login.startsBeside ? home : elsewhere
  const { code, stderr } = await run(login.types === undefined ? argv : atTerminal(argv), cwd, environment, login.types)
  const hideHome = (text: string) => text.replaceAll(home, '@HOME@')
  const plugin = readLog(path.join(home, 'plugin.log')).map((line) => sortKeys(hideHome(line)))
  await rm(home, { recursive: true })
  return {
    succeeded: code === 0,
    requests: servers.take(),
    proxies: proxies.take(),
    plugin,
    stderr: hideHome(stderr),
  }
}

function formatKubeconfig({ cluster, user, context }: LoginCase): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', ...context } }],
    clusters: [{ name: 'k', cluster }],
    users: [{ name: 'u', user: user ?? {} }],
  })
}

/** Returns the argv that runs a program on a terminal, by util-linux script(1), which exits with its code. */
function atTerminal(argv: readonly string[]): [string, ...string[]] {
  return ['script', '--quiet', '--return', '--flush', '--command', quoteArgv(argv), '/dev/null']
}

async function run(
  argv: readonly [string, ...string[]],
  cwd: string,
  env: NodeJS.ProcessEnv,
  types: string | undefined,
) {
  const [command, ...words] = argv
  const child: ChildProcess = spawn(command, words, {
    cwd,
    env,
    stdio: [types === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  })
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  child.stdout?.on('data', (chunk: Buffer) => {
    if (/code: $/.test(chunk.toString())) child.stdin?.write(`${types}\n`)
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, stderr }
}

function readLog(file: string): string[] {
  return existsSync(file) ? [...new Set(readFileSync(file, 'utf8').split('\n').filter(Boolean))].sort() : []
}

/** JSON at the end of a line, whose keys may come in any order. */
function sortKeys(line: string): string {
  return line.replace(/(?<=info=)\{.*\}$/, (json) =>
    JSON.stringify(JSON.parse(json), (_key, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    ),
  )
}
