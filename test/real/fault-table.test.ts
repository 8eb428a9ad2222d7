import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { afterThisFile } from '../support/cleanups.ts'
import { type Gate, openGate } from '../support/gate.ts'
import { readNumber, writeNumberedTcpdump } from '../support/numbered-tcpdump.ts'
import { parseBlocks } from '../support/packets.ts'
import { type KcapRun, startKcap } from '../support/run-kcap.ts'
import { openHome } from '../support/ssh-fixture.ts'
import { makeKeyPair, type SshUser, startSshServer } from '../support/ssh-server.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

/** 20 are run by hand: KCAP_FAULT_ROUNDS=20. */
const rounds = Number(process.env.KCAP_FAULT_ROUNDS ?? 1)
const run = promisify(execFile)

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
  writeNumberedTcpdump(folder)
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
})

interface Running extends KcapRun {
  readonly file: string
  readonly gate: Gate
  readonly user: { keys: readonly string[] }
}

interface Fault {
  readonly argv?: readonly string[]
  /** Fault, two seconds after the capture began. */
  readonly happen: (running: Running) => Promise<unknown>
  readonly code: number | null
  readonly gaps: number
  /** Prepares the place of the output; returns the name of the file there. */
  readonly place?: (file: string) => Promise<string>
  readonly isFileGone?: boolean
}

const duration = ['--duration', '8']
const faults: Record<string, Fault> = {
  'nothing happens': { argv: duration, happen: async () => {}, code: 0, gaps: 0 },
  'the connection is reset': { argv: duration, happen: async ({ gate }) => gate.cut(), code: 0, gaps: 1 },
  'the connection is reset three times': {
    argv: ['--duration', '12'],
    async happen({ gate }) {
      for (let i = 0; i < 3; i++, await sleep(3_000)) gate.cut()
    },
    code: 0,
    gaps: 3,
  },
  'the connection falls silent': {
    argv: ['--duration', '27'],
    happen: async ({ gate }) => gate.mute(),
    code: 0,
    gaps: 1,
  },
  'the host is away for 3 s': {
    argv: ['--duration', '10'],
    happen: async ({ gate }) => {
      await gate.shut()
      await sleep(3_000)
      await gate.open()
    },
    code: 0,
    gaps: 1,
  },
  'the login is taken away': {
    async happen({ gate, user }) {
      user.keys = []
      gate.cut()
    },
    code: 4,
    gaps: 0,
  },
  'the disk is full': {
    async place(file) {
      const place = path.join(path.dirname(file), 'full')
      await mkdir(place)
      await run('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', place])
      mounts.push(place)
      return path.join(place, path.basename(file))
    },
    happen: async () => {},
    code: 7,
    gaps: 0,
  },
  'the folder is removed': {
    async place(file) {
      const place = path.join(path.dirname(file), 'removed')
      await mkdir(place)
      return path.join(place, path.basename(file))
    },
    happen: async ({ file }) => await rm(path.dirname(file), { recursive: true }),
    code: 7,
    gaps: 0,
    isFileGone: true,
  },
  'kcap is killed': { happen: async ({ child }) => child.kill('SIGKILL'), code: null, gaps: 0 },
  'kcap is stopped': { happen: async ({ child }) => child.kill('SIGTERM'), code: 0, gaps: 0 },
  'the reader is slow': {
    argv: duration,
    async place(file) {
      await run('mkfifo', [`${file}.fifo`])
      return `${file}.fifo`
    },
    happen: async () => {},
    code: 0,
    gaps: 0,
  },
}

const mounts: string[] = []
afterAll(async () => {
  for (const mount of mounts) await run('umount', [mount])
})

/** Numbers of packets and comments on them, of a file that is whole. */
function readPackets(bytes: Buffer): { number: number; comment: string | undefined }[] {
  return parseBlocks(bytes).flatMap(({ type, body, options }) => {
    if (type !== 6) return []
    const length = body.readUInt32LE(12)
    const comment = options(20 + ((length + 3) & ~3))
      .get(1)?.[0]
      ?.toString()
    return [{ number: readNumber(body.subarray(20, 20 + length)), comment }]
  })
}

/** Reads 100 kB a second for 5 s, then as fast as it can. */
async function readSlowly(fifo: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  const startedMs = Date.now()
  for await (const chunk of createReadStream(fifo, { highWaterMark: 10_000 })) {
    chunks.push(chunk)
    if (Date.now() - startedMs < 5_000) await sleep(100)
  }
  return Buffer.concat(chunks)
}

/** A host of its own behind a gate, so that many can be broken at once. */
async function inject(fault: Fault): Promise<{ code: number | null; got: number; lost: number; gaps: number }> {
  const pair = makeKeyPair()
  const user: SshUser & { keys: readonly string[] } = { keys: [pair.public] }
  const server = await startSshServer({ users: { ann: user } })
  const gate = await openGate(server.port)
  const home = openHome(server.knownHosts.replace(String(server.port), String(gate.port)))
  home.write('id_ed25519', pair.private)
  const place = await mkdtemp(path.join(folder, 'round-'))
  const file = (await fault.place?.(path.join(place, 'out.pcapng'))) ?? path.join(place, 'out.pcapng')
  const isFifo = file.endsWith('.fifo')
  const host = ['--ssh-host', '127.0.0.1', '--ssh-port', String(gate.port), '--ssh-user', 'ann']
  const login = ['--ssh-config', home.configPath, '--ssh-client', 'ssh2']
  const output = isFifo ? ['--capture', '--fifo', file] : ['-o', file]
  const running = startKcap([...output, ...host, ...login, ...(fault.argv ?? [])])
  const slow = isFifo ? readSlowly(file) : undefined
  await vi.waitFor(() => expect(server.commands.length).toBe(1), 15_000)
  await sleep(2_000)
  await fault.happen({ ...running, file, gate, user })
  const { code, stderr } = await running.ended
  const bytes = fault.isFileGone ? Buffer.alloc(0) : await (slow ?? readFile(file))
  const packets = readPackets(bytes)
  const breaks = packets.filter(({ number }, i) => i > 0 && number !== (packets[i - 1]?.number ?? 0) + 1)
  const told = packets.filter(({ comment }) => comment?.includes('are missing before this packet'))
  const saved = /(\d+) packets are saved/.exec(stderr)?.[1]
  if (fault.code === 7) expect(saved).toBe(fault.isFileGone ? undefined : String(packets.length))
  if (fault.code !== 0 && fault.code !== null)
    expect(stderr).toMatch(/^kcap: error: cannot .*: .*\n(kcap: {3}hint: .*\n)+/m)
  await gate.close()
  await server.close()
  // Lost packets that were not reported.
  return { code, got: packets.length, lost: breaks.filter((at) => !told.includes(at)).length, gaps: told.length }
}

/** Lists the processes that run the tcpdump of this file, anywhere. */
async function listLeft(): Promise<string[]> {
  const { stdout } = await run('ps', ['-eww', '-o', 'pid=,args='])
  return stdout.split('\n').filter((line) => line.includes(path.join(folder, 'numbered-tcpdump')))
}

test.runIf(process.getuid?.() === 0)(
  'faults in any combination lose only reported packets, break no file, and leave nothing running',
  async () => {
    const table: string[] = []
    afterThisFile.add(() =>
      console.log(
        `\n| fault | rounds | packets | lost | gaps | exit code |\n|---|---|---|---|---|---|\n${table.join('\n')}`,
      ),
    )
    const names = Object.keys(faults)
    // A few at a time: what is measured is not the machine.
    const measure = async (name: string) => {
      const fault = faults[name] as Fault
      const ends: Awaited<ReturnType<typeof inject>>[] = []
      for (let round = 0; round < rounds; round++) ends.push(await inject(fault))
      const sum = (key: 'got' | 'lost' | 'gaps') => ends.reduce((total, end) => total + end[key], 0)
      const codes = [...new Set(ends.map(({ code }) => code))].join(', ')
      table.push(`| ${name} | ${rounds} | ${sum('got')} | ${sum('lost')} | ${sum('gaps')} | ${codes} |`)
      for (const end of ends)
        expect({ name, ...end }).toMatchObject({ name, code: fault.code, lost: 0, gaps: fault.gaps })
      if (!fault.isFileGone) expect(sum('got')).toBeGreaterThan(rounds * 1_000)
    }
    const work = async () => {
      for (let name = names.shift(); name !== undefined; name = names.shift()) await measure(name)
    }
    await Promise.all([work(), work(), work()])
    await vi.waitFor(async () => expect(await listLeft()).toEqual([]), { timeout: 30_000, interval: 500 })
  },
  rounds * 120_000 + 60_000,
)
