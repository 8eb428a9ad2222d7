import { spawn, spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openFileOutput } from '../../src/output/file-output.ts'
import { openDemoFixture } from '../support/demo.ts'
import { failureOf } from '../support/failure.ts'
import { hasScript } from '../support/has-program.ts'
import { parseBlocks } from '../support/packets.ts'
import { runCliHere } from '../support/run-cli-here.ts'
import { programPath, runKcap, startKcap } from '../support/run-kcap.ts'

const packetBlock = 6
const statisticsBlock = 5
let folder: string
const demo = await openDemoFixture({ packetsPerSecond: 500 })
const kubeconfig = await demo.kubeconfig()
beforeEach(async () => {
  folder = path.join(demo.folder, 'output')
  await mkdir(folder)
})
afterEach(async () => {
  await rm(folder, { recursive: true })
  await expect.poll(() => demo.cluster.openExecCount(), { timeout: 5_000 }).toBe(0)
})

const pod = 'prod/orders-6c9f'
const start = (...argv: string[]) => startKcap(argv, { KUBECONFIG: kubeconfig })
const kcap = async (...argv: string[]) => await start(...argv).ended
/** Runs kcap without a process of its own, which is not what each test is about. */
const kcapHere = async (...argv: string[]) => await runCliHere(argv, { KUBECONFIG: kubeconfig })
/** Another program than kcap; not waited for in this thread, where the cluster lives. */
async function run(command: string, argv: readonly string[], cwd?: string) {
  const env = { ...process.env, KUBECONFIG: kubeconfig, COLUMNS: '80' }
  const child = spawn(command, argv, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, stdout, stderr }
}
const out = () => path.join(folder, 'out.pcapng')
const blocks = async () => parseBlocks(await readFile(out()))

test('kcap NS/POD -o FILE: what was written where, and what to type next', async () => {
  const { code, stdout, stderr } = await kcap(pod, '-o', out(), '--count', '50')
  expect([code, stdout.toString()]).toEqual([0, ''])
  expect((await blocks()).filter(({ type }) => type === packetBlock).length).toBe(50)
  const lines = stderr.trimEnd().split('\n')
  expect(lines.length).toBe(3)
  expect(lines[0]).toMatch(
    /^kcap: prod\/orders-6c9f: 50 packets, [\d.]+ kB, (none dropped|drops unknown|\d+ DROPPED.*)$/,
  )
  expect(lines[1]).toMatch(
    /^kcap: 50 packets, [\d.]+ kB written to .*out\.pcapng in \d+\.\d s \(packet count reached\)$/,
  )
  expect(lines[2]).toBe(`kcap: open with: wireshark ${out()}`)
})

test('--compress gzip: the same packets, and nothing said of it', async () => {
  const { code, stderr } = await kcap(pod, '-o', out(), '--count', '50', '--compress', 'gzip')
  expect(code).toBe(0)
  const count = (type: number) => blocks().then((all) => all.filter((block) => block.type === type).length)
  expect([await count(packetBlock), await count(statisticsBlock)]).toEqual([50, 1])
  expect(stderr).not.toContain('compress')
  expect((await readFile(out())).toString('latin1')).toContain('--compress gzip')
})

test('-q says nothing at all', async () => {
  expect(await kcapHere(pod, '-o', out(), '--count', '5', '-q')).toMatchObject({ code: 0, stderr: '' })
})

test('in a pipe there is no progress line', async () => {
  const { stderr } = await kcap(pod, '-o', out(), '--duration', '1')
  expect(stderr).not.toMatch(/[\r\u001b]/)
})

test('--json: every line of standard error is JSON, the last one the summary', async () => {
  const { code, stderr } = await kcap(pod, '-o', out(), '--duration', '3', '--json', '--verbose')
  expect(code).toBe(0)
  const events = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(events.slice(0, -1).map(({ event }) => event)).toEqual(expect.arrayContaining(['note', 'progress']))
  const times = events.map(({ schema, time }) => [schema, Date.parse(String(time))])
  expect(times).toEqual(times.map(() => [1, expect.any(Number)]))
  expect(times.map(([, timeMs = 0]) => timeMs)).toEqual([...times.map(([, timeMs = 0]) => timeMs)].sort())
  expect(events.at(-1)).toMatchObject({
    event: 'summary',
    output: out(),
    endedBy: 'duration',
    packets: (await blocks()).filter(({ type }) => type === packetBlock).length,
    outputBytes: (await stat(out())).size,
  })
})

test('--json: a failure is a line of JSON, too', async () => {
  const { code, stderr } = await kcapHere('prod/orders-gone', '-o', out(), '--json')
  expect(code).toBe(3)
  const events = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(events.at(-1)).toMatchObject({ event: 'error', code: 'pod-not-found', exitCode: 3 })
})

test('-o - writes the capture and nothing else to standard output', async () => {
  const { code, stdout, stderr } = await kcap(pod, '-o', '-', '--count', '20')
  expect(code).toBe(0)
  expect(parseBlocks(stdout).filter(({ type }) => type === packetBlock).length).toBe(20)
  expect(stderr).toContain('20 packets')
})

test('-o - goes to a device that the shell has opened, too', async () => {
  const words = [programPath, pod, '-o', '-', '--count', '20', '-q']
  expect(await run('sh', ['-c', 'exec "$@" >/dev/null', 'sh', process.execPath, ...words])).toMatchObject({ code: 0 })
})

test('-o - into a reader that leaves early ends well', async () => {
  const run = spawnSync(
    'sh',
    ['-c', '"$0" "$1" demo -o - | head -c 100 | wc -c; wait', process.execPath, programPath],
    { timeout: 15_000 },
  )
  expect([run.status, run.stdout.toString().trim()]).toEqual([0, '100'])
})

test.each(['pcap', 'pcapng'])('the file name extension .%s chooses the format', async (ending) => {
  const file = path.join(folder, `a.${ending}`)
  expect((await kcapHere(pod, '-o', file, '--count', '3')).code).toBe(0)
  expect((await readFile(file)).readUInt32LE(0)).toBe(ending === 'pcap' ? 0xa1b23c4d : 0x0a0d0d0a)
})

test('without -o the file is called after the time, in the current folder', async () => {
  const { code, stderr } = await run(process.execPath, [programPath, pod, '--count', '3', '-q'], folder)
  expect([code, stderr]).toEqual([0, ''])
  expect(await readdir(folder)).toEqual([expect.stringMatching(/^capture-20\d{6}-\d{6}\.pcapng$/)])
})

describe('Ctrl-C', () => {
  test('gives a file that is whole, a summary, and exit code 0', async () => {
    const run = start(pod, '-o', out())
    await firstBytes()
    run.child.kill('SIGINT')
    const { code, stderr } = await run.ended
    expect(code).toBe(0)
    expect(stderr).toContain('(stopped)')
    expect((await blocks()).at(-1)?.type).toBe(statisticsBlock)
  })

  test('before a capture has begun leaves no file, with exit code 130', async () => {
    await demo.cluster.misbehave({ answer: 'never' })
    const asked = demo.cluster.requests.length
    const run = start(pod, '-o', out())
    await expect.poll(() => demo.cluster.requests.length, { timeout: 10_000 }).toBeGreaterThan(asked)
    run.child.kill('SIGINT')
    expect(await run.ended).toMatchObject({ code: 130 })
    await demo.cluster.misbehave({})
    expect(await readdir(folder)).toEqual([])
  })

  test('a second time ends at once, whatever the remote side does', async () => {
    await demo.cluster.misbehave({ ignoreStop: true }, pod)
    const run = start(pod, '-o', out())
    await firstBytes()
    run.child.kill('SIGINT')
    // Two signals at once would be one.
    await sleep(300)
    const secondMs = Date.now()
    run.child.kill('SIGINT')
    expect((await run.ended).code).toBe(130)
    expect(Date.now() - secondMs).toBeLessThan(3_000)
    await demo.cluster.misbehave({}, pod)
    demo.cluster.cutExecs(pod)
    expect((await blocks()).length).toBeGreaterThan(2)
  })
})

async function firstBytes(): Promise<void> {
  const size = async () => (await stat(out()).catch(() => undefined))?.size
  await expect.poll(size, { timeout: 10_000 }).toBeGreaterThan(2_000)
}

test("an existing file is 'output-exists' unless --force is given", async () => {
  await writeFile(out(), 'precious')
  const { code, stderr } = await kcapHere(pod, '-o', out(), '--count', '3')
  expect([code, stderr]).toEqual([
    7,
    `kcap: error: cannot write "${out()}": file exists\nkcap:   hint: --force overwrites it\nkcap:   hint: -o OTHER-NAME\n`,
  ])
  expect(await readFile(out(), 'utf8')).toBe('precious')
  expect((await kcapHere(pod, '-o', out(), '--count', '3', '--force')).code).toBe(0)
  expect((await blocks()).filter(({ type }) => type === packetBlock).length).toBe(3)
})

test("a missing folder is 'output-folder-missing', before anything is started", async () => {
  const requests = demo.cluster.requests.length
  const { code, stderr } = await kcapHere(pod, '-o', path.join(folder, 'no', 'such.pcapng'))
  expect([code, stderr]).toEqual([
    7,
    `kcap: error: cannot write "${folder}/no/such.pcapng": there is no folder "${folder}/no"\nkcap:   hint: mkdir -p ${folder}/no\n`,
  ])
  expect(demo.cluster.requests.length).toBe(requests)
})

test("a folder in the file's place is 'output-not-writable'", async () => {
  const { code, stderr } = await kcapHere(pod, '-o', folder, '--force')
  expect([code, stderr]).toEqual([
    7,
    `kcap: error: cannot write "${folder}": is a directory\nkcap:   hint: ls -ld ${path.dirname(folder)}\nkcap:   hint: -o OTHER-NAME\n`,
  ])
})

test('a file that may not grow ends the capture with whole packets and exit code 7', async () => {
  // 40 blocks of 1,024 bytes in bash and dash count 512: both are far less than would come. XFSZ ignored gives EFBIG.
  const script = `trap '' XFSZ; ulimit -f 40; exec "$0" "$@"`
  const argv = ['-c', script, process.execPath, programPath, pod, '-o', out(), '--duration', '20']
  const { code, stderr } = await run('sh', argv)
  expect(code, stderr).toBe(7)
  expect(stderr).toContain('the file may not grow further')
  expect((await blocks()).filter(({ type }) => type === packetBlock).length).toBeGreaterThan(10)
})

test('a file is readable by its owner only', async () => {
  const output = await openFileOutput(out(), { overwrite: false })
  await output.write(Buffer.from('x'))
  await output.close()
  expect((await stat(out())).mode & 0o777).toBe(0o600)
  expect((await failureOf(openFileOutput(out(), { overwrite: false }))).code).toBe('output-exists')
})

describe('on a terminal', () => {
  const onTerminal = async (...argv: string[]) => {
    const words = [process.execPath, programPath, ...argv].map((word) => `'${word}'`).join(' ')
    return await run('script', ['-qec', words, '/dev/null'])
  }

  test.skipIf(!hasScript)("-o - is 'output-is-terminal', with exit code 2", async () => {
    const { code, stdout } = await onTerminal(pod, '-o', '-')
    expect(code).toBe(2)
    expect(stdout).toContain('kcap: error: cannot write "-": standard output is a terminal, and a capture is binary')
    expect(stdout).toContain('kcap:   hint: kcap … --wireshark')
  })

  test.skipIf(!hasScript)('one line shows how it goes, and is gone at the end', async () => {
    const { code, stdout } = await onTerminal(pod, '-o', out(), '--duration', '2')
    expect(code).toBe(0)
    expect(stdout).toMatch(/\r\u001b\[K00:0\d {2}[\d,]+ packets {2}[\d.]+ [kM]?B/)
    expect(stdout).toMatch(/\u001b\[Kkcap: prod\/orders-6c9f: /)
  })
})

describe('kcap demo', () => {
  test.each([
    ['--workload', 'deploy/web'],
    ['-l', 'app=web'],
    ['--target', 'svc/web'],
    ['--pod', 'web-5f8c'],
  ])('captures what %s %s names, and nothing else', async (option, value) => {
    const { code, stderr } = await runCliHere(['demo', option, value, '--count', '5', '-o', out()])
    expect([code, stderr.match(/^kcap: prod\/[\w-]+/gm)]).toEqual([0, ['kcap: prod/web-5f8c']])
  })

  test('needs nothing, captures ten seconds by default, and leaves nothing', async () => {
    const { code, stderr } = await runKcap(['demo', '-o', out(), '--count', '30'], {
      TMPDIR: folder,
      KUBECONFIG: undefined,
    })
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('kcap: prod/orders-6c9f: 30 packets')
    expect(await readdir(folder)).toEqual(['out.pcapng'])
    expect((await blocks())[0]?.options(16).get(1)?.[0]?.toString()).toContain(`kcap demo -o ${out()} --count 30`)
  })

  test('captures what is asked for', async () => {
    const { code, stderr } = await runCliHere([
      'demo',
      'svc/orders',
      '--port',
      '8080',
      '--rate',
      '200',
      '--duration',
      '1',
      '-o',
      out(),
    ])
    expect(code, stderr).toBe(0)
    expect((await blocks()).filter(({ type }) => type === 1).length).toBe(2)
  })

  test('knows services by their names', async () => {
    const { code, stderr } = await runCliHere(['demo', '--port', 'http-alt,domain', '--count', '5', '-o', out()])
    expect([code, stderr]).toEqual([0, expect.stringContaining('5 packets')])
  })
})
