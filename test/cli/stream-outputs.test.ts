import { execFileSync, spawn } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDemoFixture } from '../support/demo.ts'
import { hasPrograms, hasScript } from '../support/has-program.ts'
import { countPackets } from '../support/packets.ts'
import { bareEnvironment, programPath } from '../support/run-kcap.ts'

const hasBash = hasPrograms('bash')
const hasTshark = hasPrograms('tshark')
const hasTcpdump = hasPrograms('tcpdump')

let count = 0
const demo = await openDemoFixture({ packetsPerSecond: 200 })
const folder = demo.folder
const kubeconfig = await demo.kubeconfig()

/** A line for bash in the test's folder, in which `kcap` is the built program. */
async function inBash(line: string) {
  const script = `kcap() { "${process.execPath}" "${programPath}" "$@"; }\n${line}`
  const env = { ...process.env, ...bareEnvironment, KUBECONFIG: kubeconfig }
  const child = spawn('bash', ['-c', script], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, stdout, stderr }
}
function makeFifo(): string {
  const name = `fifo-${count++}`
  execFileSync('mkfifo', [path.join(folder, name)])
  return name
}
const packetsIn = async (name: string) => countPackets(await readFile(path.join(folder, name)))
const capture = 'kcap prod/orders-6c9f'

describe.skipIf(!hasBash)('a FIFO as output', () => {
  test('takes the whole capture when its reader waits already', async () => {
    const fifo = makeFifo()
    const { code, stderr } = await inBash(`cat ${fifo} > early & ${capture} -o ${fifo} --count 20 && wait`)
    expect([code, stderr]).toEqual([0, expect.stringContaining(`written to ${fifo} in`)])
    expect(stderr).not.toContain('waiting')
    expect(stderr).not.toContain('open with')
    expect(await packetsIn('early')).toBe(20)
  })

  test('waits for a reader that comes late, and says so', async () => {
    const fifo = makeFifo()
    const reader = `(until grep -q waiting said; do sleep 0.1; done; cat ${fifo} > late)`
    const line = `${reader} & ${capture} -o ${fifo} --count 20 2> said; code=$?; wait; cat said >&2; exit $code`
    const { code, stderr } = await inBash(line)
    expect([code, stderr.split('\n')[0]]).toEqual([0, `kcap: waiting for a program that reads "${fifo}"`])
    expect(await packetsIn('late')).toBe(20)
  })

  test('ends the capture with exit code 0 when its reader has gone', async () => {
    const fifo = makeFifo()
    const { code, stderr } = await inBash(`head -c 1000 ${fifo} > part & ${capture} -o ${fifo}`)
    expect([code, stderr]).toEqual([0, expect.stringContaining('(reader closed)')])
    expect((await stat(path.join(folder, 'part'))).size).toBe(1_000)
  })

  test('ends the capture when its reader goes while no packet comes', async () => {
    const fifo = makeFifo()
    const { code, stderr } = await inBash(`sleep 2 < ${fifo} & ${capture} -o ${fifo} --port 9999`)
    expect([code, stderr]).toEqual([0, expect.stringContaining('(reader closed)')])
  })

  test('can be interrupted while nobody reads it', async () => {
    const fifo = makeFifo()
    const start = `"${process.execPath}" "${programPath}" prod/orders-6c9f -o ${fifo} 2> said &`
    const untilWaiting = 'until grep -q waiting said; do sleep 0.1; done'
    const stop = 'kill -TERM $!; wait $!; code=$?; cat said >&2; exit $code'
    expect(await inBash(`${start} ${untilWaiting}; ${stop}`)).toEqual({
      code: 143,
      stdout: '',
      stderr: `kcap: waiting for a program that reads "${fifo}"\n`,
    })
  })

  test('stops at --max-size and keeps a pcap whole', async () => {
    const fifo = makeFifo()
    const line = `cat ${fifo} > small.pcap & ${capture} -o ${fifo} --max-size 5k --format pcap && wait`
    const { code, stderr } = await inBash(line)
    expect([code, stderr]).toEqual([0, expect.stringContaining('(size limit reached)')])
    const { size } = await stat(path.join(folder, 'small.pcap'))
    expect(size).toBeGreaterThan(3_000)
    expect(size).toBeLessThanOrEqual(5_000)
  })

  test('cannot be rotated', async () => {
    const fifo = makeFifo()
    const { code, stderr } = await inBash(`${capture} -o ${fifo} --rotate-size 1MB`)
    expect([code, stderr.split('\n')[0]]).toEqual([
      2,
      `kcap: error: cannot use --rotate-size: only files can follow each other, and "${fifo}" is a pipe`,
    ])
  })
})

describe.skipIf(!hasBash)('a descriptor of the shell as output', () => {
  test('is the pipe of >(program), which ends with the capture', async () => {
    const { code, stderr } = await inBash(`${capture} -o >(cat > substituted) --count 20; code=$?; wait $!; exit $code`)
    expect([code, stderr]).toEqual([0, expect.stringContaining('20 packets')])
    expect(await packetsIn('substituted')).toBe(20)
  })

  test.skipIf(!hasTshark)('has its packets read by tshark as they come', async () => {
    const tshark = 'XDG_CONFIG_HOME="$PWD" tshark -l -n -r - -T fields -e frame.number 2> /dev/null'
    const { code, stdout } = await inBash(`kcap demo -q -o >(${tshark}) --count 20; code=$?; wait $!; exit $code`)
    expect([code, stdout.trim().split('\n')]).toEqual([0, Array.from({ length: 20 }, (_, i) => String(i + 1))])
  })

  test('ends the capture with exit code 0 when the program of >(program) has gone', async () => {
    const { code, stderr } = await inBash(`kcap demo --rate 200 -o >(head -c 1000 > /dev/null)`)
    expect([code, stderr]).toEqual([0, expect.stringContaining('(reader closed)')])
  })

  test.skipIf(!hasTcpdump)('is standard output under its path, which tcpdump reads', async () => {
    const line = 'set -o pipefail; kcap demo -q -o /dev/stdout --count 20 | tcpdump -nr - 2> /dev/null | wc -l'
    expect(await inBash(line)).toEqual({ code: 0, stdout: expect.stringMatching(/^\s*20\n$/), stderr: '' })
  })

  test('is a file that the shell has opened, and keeps what was there when it appends', async () => {
    const { code } = await inBash(
      `echo before > log; ${capture} -q -o /dev/fd/3 --count 5 3> other && ${capture} -q -o /dev/stdout --count 5 >> log`,
    )
    expect([code, await packetsIn('other')]).toEqual([0, 5])
    expect((await readFile(path.join(folder, 'log'))).subarray(0, 7).toString()).toBe('before\n')
  })

  test.runIf(process.platform === 'linux').each([
    ['is not open', '/dev/fd/90', ''],
    ["is one of Node's own", '/dev/fd/7', ''],
    ['is open for reading only', '/dev/fd/3', '3< /dev/null'],
  ])('is refused where it %s', async (_, descriptor, redirection) => {
    const { code, stderr } = await inBash(`${capture} -o ${descriptor} ${redirection}`)
    const number = descriptor.replace('/dev/fd/', '')
    expect([code, stderr.trimEnd().split('\n')]).toEqual([
      7,
      [
        `kcap: error: cannot write "${descriptor}": the descriptor is not open for writing`,
        `kcap:   hint: -o ${descriptor} ${number}> FILE`,
        'kcap:   hint: -o FILE',
      ],
    ])
  })

  test.skipIf(!hasScript)('is refused where it is a terminal', async () => {
    const { stdout } = await inBash(`script -qec "'${process.execPath}' '${programPath}' demo -o /dev/tty" /dev/null`)
    expect(stdout).toContain('kcap: error: cannot write "/dev/tty": it is a terminal, and a capture is binary')
  })
})

test.skipIf(!hasBash)('/dev/null takes a capture and keeps its owner and mode', async () => {
  const before = await stat('/dev/null')
  const { code, stderr } = await inBash(
    `${capture} -o /dev/null --count 5 && ${capture} -w /dev/null --count 5 --force`,
  )
  expect([code, stderr]).toEqual([0, expect.stringContaining('written to /dev/null in')])
  expect(stderr).not.toContain('open with')
  const after = await stat('/dev/null')
  expect([after.uid, after.gid, after.mode, after.isCharacterDevice()]).toEqual([
    before.uid,
    before.gid,
    before.mode,
    true,
  ])
})
