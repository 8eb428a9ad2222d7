import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, vi } from 'vitest'
import { uploadFolders } from '../../src/remote/upload-script.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { type KcapRun, runKcap, startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { expectNoCaptures, findPod, hasLab, kubectl, lab, realTest, tshark } from './lab.ts'
import { openTcpRelay } from './tcp-relay.ts'

interface Pod {
  readonly name: string
  readonly container: string
}

let folder: string
let pods: Record<string, Pod> = {}
beforeAll(async () => {
  folder = await makeTempFolder()
  if (!hasLab) return
  pods = {
    dash: { name: await findPod('orders'), container: 'api' },
    'busybox ash': { name: 'ash-only', container: 'app' },
  }
})

const environment = { KUBECONFIG: lab.kubeconfig }
/** A dynamically linked tcpdump: it runs where the libraries of the same system are. */
const tcpdump = ['--upload-tcpdump', '/usr/bin/tcpdump', '--via', 'exec']
const kbit = 1000 / 8

function podOf(shell: string): Pod {
  const pod = pods[shell]
  if (pod === undefined) throw new Error(`no pod with ${shell}`)
  return pod
}

/** The API server behind a slow link. */
async function openSlowLink(bytesPerSecond: number) {
  const text = await readFile(path.join(lab.kubeconfigFolder, 'admin-fwd.yaml'), 'utf8')
  const [, port = ''] = /https:\/\/127\.0\.0\.1:(\d+)/.exec(text) ?? []
  const relay = await openTcpRelay(Number(port), { bytesPerSecond })
  afterThisTest.add(relay.close)
  const kubeconfig = path.join(folder, `kubeconfig-${relay.port}`)
  await writeFile(kubeconfig, text.replace(`127.0.0.1:${port}`, `127.0.0.1:${relay.port}`), { mode: 0o600 })
  return { ...relay, environment: { KUBECONFIG: kubeconfig } }
}

/** Captures with an uploaded tcpdump, and what it says. */
function startUpload({ name }: Pod, variables: { KUBECONFIG: string }, ...words: readonly string[]) {
  const output = ['-o', path.join(folder, 'upload.pcapng'), '--force']
  const run = startKcap([`shop/${name}`, ...tcpdump, '-v', '--reconnect', '0', ...output, ...words], variables)
  afterThisTest.add(() => run.child.kill('SIGKILL'))
  return run
}

/** Uploaded files, `file BYTES` a line, and processes of uploads and captures there; what has ended is a zombie. */
async function listLeft({ name, container }: Pod): Promise<string[]> {
  const script = `
    for file in ${uploadFolders.map((place) => `${place}/kcap-tcpdump-*`).join(' ')}; do
      [ ! -f "$file" ] || echo "file $(($(wc -c <"$file")))"
    done
    for process in /proc/[0-9]*; do
      [ "$process" != "/proc/$$" ] && read -r pid name state parent rest <"$process/stat" || continue
      [ "$parent" != $$ ] || continue
      case $state in Z) echo "zombie $name" ;; esac
      case $(tr '\\0' ' ' <"$process/cmdline") in *kcap-upload* | *kcap-tcpdump-*) echo "process $name" ;; esac
    done 2>/dev/null`
  const listed = await kubectl('exec', '-n', 'shop', name, '-c', container, '--', 'sh', '-c', script)
  return listed.split('\n').filter((line) => line !== '')
}

/** Waits until nothing of an upload is left in the pod. Returns how long it took. */
async function expectNothingLeft(pod: Pod, limitMs: number): Promise<number> {
  const startedMs = performance.now()
  await vi.waitFor(async () => expect(await listLeft(pod)).toEqual([]), { timeout: limitMs, interval: 200 })
  return performance.now() - startedMs
}

/** Waits until a part of the file has arrived. */
async function expectPart(pod: Pod): Promise<void> {
  const check = async () => expect((await listLeft(pod)).join('\n')).toMatch(/^file [1-9]\d{3}/m)
  await vi.waitFor(check, { timeout: 20_000, interval: 200 })
}

async function expectWords({ child }: KcapRun, words: RegExp): Promise<void> {
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8')
      if (words.test(said)) resolve()
    })
    child.on('close', () => reject(new Error(said)))
  })
}

realTest('a tcpdump of this machine captures in a container, and is gone as soon as it runs', async () => {
  const pod = podOf('dash')
  const file = path.join(folder, 'uploaded.pcapng')
  const words = [`shop/${pod.name}`, ...tcpdump, '--count', '20', '-v', '-o', file]
  const { code, stderr } = await runKcap(words, environment)
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(/: (\/\w+)+\/kcap-tcpdump-[0-9a-f]{8} -i any /)
  expect((await tshark(file)).trim().split('\n').length).toBe(20)
  await expectNoCaptures()
  await expectNothingLeft(pod, 5_000)
})

realTest('kcap reports at once that a container does not support an upload, and sends nothing', async () => {
  const { code, stderr } = await runKcap(['shop/no-tcpdump', ...tcpdump], environment)
  expect(code).toBe(6)
  expect(stderr).toContain('cannot put "/usr/bin/tcpdump" into "shop/no-tcpdump": there is no "dd"')
})

realTest('an upload that takes longer than 20 s arrives', async () => {
  const pod = podOf('dash')
  const link = await openSlowLink(400 * kbit)
  const run = startUpload(pod, link.environment, '--count', '1')
  const { code, stderr } = await run.ended
  expect(code, stderr).toBe(0)
  const [, seconds] = /: uploaded to \S+, 1\.\d MB in (\d+)\.\d s$/m.exec(stderr) ?? []
  expect(Number(seconds)).toBeGreaterThan(20)
  expect(Number(seconds)).toBeLessThan(40)
  await expectNothingLeft(pod, 10_000)
})

realTest('both sides notice a link that is cut in the middle of an upload', async () => {
  const pod = podOf('busybox ash')
  const link = await openSlowLink(256 * kbit)
  const run = startUpload(pod, link.environment)
  await expectPart(pod)
  link.cut()
  const cutMs = performance.now()
  const { code, stderr } = await run.ended
  expect(performance.now() - cutMs).toBeLessThan(18_000)
  expect([code, stderr]).toEqual([1, expect.stringContaining(`": the connection to "127.0.0.1:${link.port}" is lost`)])
  expect(stderr).toContain(`cannot put "/usr/bin/tcpdump" into "shop/${pod.name}": `)
  await expectNothingLeft(pod, 25_000 - (performance.now() - cutMs))
})

describe.each(['dash', 'busybox ash'])('an upload into a pod with %s', (shell) => {
  realTest.each(['SIGINT', 'SIGKILL'] as const)('leaves nothing after %s in the middle of it', async (signal) => {
    const pod = podOf(shell)
    const link = await openSlowLink(64 * kbit)
    const run = startUpload(pod, link.environment)
    await expectPart(pod)
    // Until the buffers are as full as they get.
    await sleep(1_000)
    const startedMs = performance.now()
    run.child.kill(signal)
    const { code, stderr } = await run.ended
    expect(performance.now() - startedMs).toBeLessThan(1_000)
    if (signal === 'SIGINT') expect([code, stderr]).toEqual([130, expect.stringContaining('stopped before a capture')])
    expect(await expectNothingLeft(pod, 5_000)).toBeLessThan(5_000)
  })

  realTest('leaves nothing after SIGKILL right at its end', async () => {
    const pod = podOf(shell)
    const run = startUpload(pod, environment)
    await expectWords(run, /: uploaded to /)
    run.child.kill('SIGKILL')
    await run.ended
    await expectNothingLeft(pod, 5_000)
    await expectNoCaptures(5_000)
  })
})
