import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { userInfo } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterThisFile } from '../support/cleanups.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const run = promisify(execFile)
const kinds = ['account', 'container', 'object'] as const

/** Programs of Debian's packages that a Swift needs. */
export const swiftPrograms = [
  'swift-proxy-server',
  ...kinds.map((kind) => `swift-${kind}-server`),
  'swift-ring-builder',
  'memcached',
]

export interface SwiftServer {
  readonly endpoint: string
  /** Credentials of the administrator of the account. */
  readonly environment: Record<string, string>
  /** Kills the servers, as a power failure does. */
  kill(): Promise<void>
  /** Starts them again, on the same ports. */
  start(): Promise<void>
}

/** Starts OpenStack Swift with its S3 API, as ordinary child processes on loopback; it ends with the test file. */
export async function startSwift(): Promise<SwiftServer> {
  const folder = await makeTempFolder()
  const [proxy = 0, cache = 0, ...ports] = await findFreePorts(2 + kinds.length)
  const user = userInfo().username
  const base = ['bind_ip = 127.0.0.1', 'workers = 0', `swift_dir = ${folder}`, `user = ${user}`, 'log_level = ERROR']
  await mkdir(path.join(folder, 'node', 'd1'), { recursive: true })
  const write = (name: string, ...lines: readonly string[]) =>
    writeFile(path.join(folder, name), `${lines.join('\n')}\n`)
  await write(
    'swift.conf',
    ...['[swift-hash]', 'swift_hash_path_suffix = kcap', 'swift_hash_path_prefix = kcap'],
    ...['[storage-policy:0]', 'name = only', 'default = yes'],
  )
  for (const [i, kind] of kinds.entries()) {
    const port = ports[i] as number
    const app = ['[pipeline:main]', `pipeline = ${kind}-server`, `[app:${kind}-server]`, `use = egg:swift#${kind}`]
    const storage = [`devices = ${folder}/node`, 'mount_check = false', 'container_update_timeout = 20']
    await write(`${kind}.conf`, '[DEFAULT]', ...base, `bind_port = ${port}`, ...storage, ...app)
    const ring = (...words: readonly string[]) =>
      run('swift-ring-builder', [`${kind}.builder`, ...words], { cwd: folder })
    await ring('create', '4', '1', '1')
    await ring('add', `r1z1-127.0.0.1:${port}/d1`, '1')
    await ring('rebalance')
  }
  const filters = ['cache', 'listing_formats', 'bulk', 's3api', 'tempauth', 'slo', 'dlo']
  await write(
    'proxy.conf',
    ...['[DEFAULT]', ...base, `bind_port = ${proxy}`],
    ...['[pipeline:main]', `pipeline = catch_errors ${filters.join(' ')} proxy-server`],
    ...['[app:proxy-server]', 'use = egg:swift#proxy', 'account_autocreate = true'],
    ...['[filter:catch_errors]', 'use = egg:swift#catch_errors'],
    ...filters.flatMap((name) => [
      `[filter:${name}]`,
      `use = egg:swift#${name === 'cache' ? 'memcache' : name}`,
      ...settings(name, cache),
    ]),
  )

  let children: ChildProcess[] = []
  const startOne = async (port: number, program: string, ...argv: readonly string[]) => {
    const child = spawn(program, argv, { stdio: 'ignore' })
    children.push(child)
    await waitForPort(port, child)
  }
  const start = async () => {
    await Promise.all(
      kinds.map((kind, i) => startOne(ports[i] as number, `swift-${kind}-server`, path.join(folder, `${kind}.conf`))),
    )
    await startOne(proxy, 'swift-proxy-server', path.join(folder, 'proxy.conf'))
  }
  const kill = async () => {
    // The proxy first, so that it confirms nothing that the others have not written.
    const ended = children.reverse().map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) return resolve()
          child.once('exit', () => resolve())
          child.kill('SIGKILL')
        }),
    )
    children = []
    await Promise.all(ended)
  }
  await startOne(cache, 'memcached', '-l', '127.0.0.1', '-p', String(cache), '-U', '0', '-u', user)
  const memory = children
  children = []
  afterThisFile.add(async () => {
    await kill()
    children = memory
    await kill()
  })
  await start()
  return {
    endpoint: `http://127.0.0.1:${proxy}`,
    environment: {
      AWS_ACCESS_KEY_ID: 'test:tester',
      AWS_SECRET_ACCESS_KEY: 'testing-secret',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    },
    kill,
    start,
  }
}

function settings(filter: string, cachePort: number): readonly string[] {
  if (filter === 'cache') return [`memcache_servers = 127.0.0.1:${cachePort}`]
  return filter === 'tempauth' ? ['user_test_tester = testing-secret .admin'] : []
}

async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

async function waitForPort(port: number, child: ChildProcess): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`)
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (isOpen) return
    await sleep(50)
  }
  throw new Error(`${child.spawnfile} opened no port`)
}
