import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import {
  debugImage,
  deleteOwnPods,
  expectNoCaptures,
  expectNoOwnPods,
  findPod,
  hasLab,
  isModern,
  kubectl,
  lab,
  realTest,
} from './lab.ts'

/**
 * Dimensions of the table: each kind of pod by each route with each login returns packets, or the refusal that the rights and the pod
 * deserve.
 */
const logins = ['admin', 'capturer', 'viewer', 'create-only'] as const
const ways = ['auto', 'exec', 'kubectl', 'ephemeral', 'node-pod', 'ssh'] as const
type Login = (typeof logins)[number]
type Way = (typeof ways)[number]

let folder: string
let pods: Record<string, string> = {}
let addresses: Record<string, string> = {}
beforeAll(async () => {
  folder = await makeTempFolder()
  if (!hasLab) return
  const kinds = ['tshark-only', 'ash-only', 'no-tcpdump', 'distroless', 'unprivileged', 'hostnet']
  pods = { orders: await findPod('orders'), ...Object.fromEntries(kinds.map((name) => [name, name])) }
  const listed = await kubectl(
    'get',
    'pods',
    '-n',
    'shop',
    '-o',
    'jsonpath={range .items[*]}{.metadata.name} {.status.podIP}{"\\n"}{end}',
  )
  addresses = Object.fromEntries(
    listed
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  )
})
afterAll(async () => {
  if (hasLab) await deleteOwnPods()
})

/** Returns the expected result: packets, or an exit code (5: not permitted, 6: nothing there to capture with); undefined: packets or 5. */
function expected(kind: string, way: Way, login: Login): 'packets' | 5 | 6 | undefined {
  const canInside = ['orders', 'tshark-only', 'ash-only', 'hostnet'].includes(kind)
  const inside = canInside ? 'packets' : kind === 'unprivileged' ? 5 : 6
  const mayGet = login === 'admin' || login === 'capturer'
  const mayCreate = mayGet || login === 'create-only'
  if (way === 'ssh') return 'packets'
  if (way === 'exec') return mayGet ? inside : 5
  if (way === 'kubectl') return mayCreate ? inside : 5
  if (way === 'node-pod') return login === 'admin' ? 'packets' : 5
  if (way === 'ephemeral' && isModern) {
    if (login === 'admin') return 'packets'
    // Whoever may exec uses the debug container of another, if it runs by then.
    return mayGet ? undefined : 5
  }
  // Kubernetes 1.20 has no debug containers; a login that may not create one gets that refusal first.
  if (way === 'ephemeral') return login === 'admin' ? 6 : 5
  return mayCreate ? inside : 5
}

async function capture(kind: string, way: Way, login: Login): Promise<'packets' | 'nothing' | number | null> {
  const pod = pods[kind] ?? ''
  const file = path.join(folder, `${kind}-${way}-${login}.pcapng`)
  const words = [`shop/${pod}`, '--via', way, '--count', '3', '--duration', '8', '-o', file, ...debugImage]
  const node = way === 'ssh' ? ['--ssh-config', lab.sshConfig, '--ssh-host', 'node'] : []
  const running = runKcap([...words, ...node, '-i', kind === 'hostnet' ? 'any' : 'eth0'], {
    KUBECONFIG: path.join(lab.kubeconfigFolder, `${login}.yaml`),
  })
  const { code, stderr } = await running
  if (code !== 0) {
    expect(stderr, `${kind} ${way} ${login}`).toMatch(/^kcap: error: cannot .*\n(kcap: {3}hint: .*\n)+/m)
    return code
  }
  const text = execFileSync('capinfos', ['-Mc', file], { encoding: 'utf8' })
  return Number(/Number of packets:\s+(\d+)/.exec(text)?.[1]) > 0 ? 'packets' : 'nothing'
}

/** Sends requests from the node, until the signal is aborted. */
async function knock(address: string, signal: AbortSignal): Promise<void> {
  const script = 'while read -t 0.3 x; [ $? -gt 128 ]; do curl -s -m 1 -o /dev/null "http://$1:9/"; done'
  const child = spawn(lab.command, ['node-exec', 'bash', '-c', script, 'knock', address], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  signal.addEventListener('abort', () => child.stdin.end())
  await once(child, 'exit')
}

function formatRow(cells: readonly string[]): string {
  return cells.map((cell) => cell.padEnd(12)).join(' ')
}

realTest(
  'each pod by each route with each login returns packets or the right refusal',
  { timeout: 900_000 },
  async () => {
    // Meanwhile a silent one, for longer than its pod waits without a capture.
    const patient = runKcap(
      [
        `shop/${pods.orders}`,
        '--via',
        'node-pod',
        ...debugImage,
        '--duration',
        '80',
        '-i',
        'lo',
        '--filter',
        'tcp port 9',
        '-o',
        path.join(folder, 'patient.pcapng'),
      ],
      { KUBECONFIG: path.join(lab.kubeconfigFolder, 'admin.yaml') },
    )
    const rows: string[] = []
    const wrong: string[] = []
    for (const kind of Object.keys(pods)) {
      // Quiet pods are asked for something; a refused connection is traffic too.
      const stop = new AbortController()
      const knocking = knock(addresses[pods[kind] ?? ''] ?? '', stop.signal)
      const cells = new Map<Login, string[]>(logins.map((login) => [login, []]))
      for (const way of ways) {
        const capturing = logins.map(async (login) => ({ login, got: await capture(kind, way, login) }))
        for (const { login, got } of await Promise.all(capturing)) {
          cells.get(login)?.push(got === 'packets' ? got : `exit ${got}`)
          const want = expected(kind, way, login)
          if (want === undefined ? got !== 'packets' && got !== 5 : got !== want)
            wrong.push(`${kind} ${way} ${login}: ${got}, not ${want}`)
        }
      }
      stop.abort()
      await knocking
      for (const [login, row] of cells) rows.push(formatRow([kind, login, ...row]))
    }
    console.log(`${formatRow(['pod', 'login', ...ways])}\n${rows.join('\n')}`)
    expect(wrong).toEqual([])
    expect((await patient).code, (await patient).stderr).toBe(0)
    await expectNoCaptures()
    await expectNoOwnPods('running')
  },
)
