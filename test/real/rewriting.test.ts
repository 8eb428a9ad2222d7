import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect } from 'vitest'
import { parseBlocks } from '../support/packets.ts'
import { bareEnvironment, programPath, runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { realTest } from './lab.ts'

/** Every kind of output, rewritten by the programs that come with Wireshark; Debian 12 has 4.0, which is stricter than later ones. */
let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

/** Writes keys of no session in this capture until the signal is aborted: those that come while packets do are taken. */
async function writeKeys(file: string, signal: AbortSignal): Promise<void> {
  for (let i = 0; !signal.aborted; i++) {
    appendFileSync(file, `CLIENT_RANDOM ${String(i).padStart(64, '0')} ${'a'.repeat(96)}\n`)
    await sleep(50)
  }
}

const demo = ['demo', 'prod/orders-6c9f', '--rate', '1000']
/** Two pods: the interface of the second comes when it does, after packets of the first. */
const service = ['demo', 'svc/orders', '-n', 'prod', '--rate', '1000']
const files = (name: string) =>
  readdirSync(folder)
    .filter((file) => file.startsWith(name))
    .map((file) => path.join(folder, file))
const output = (name: string) => path.join(folder, name)

async function capture(words: readonly string[]): Promise<void> {
  const { code, stderr } = await runKcap(words, bareEnvironment)
  expect(code, stderr).toBe(0)
}

/** Kinds by their names, each with what makes its files. */
const kinds: Readonly<Record<string, () => Promise<string[]>>> = {
  async 'a file'() {
    await capture([...demo, '--count', '300', '-o', output('file.pcapng')])
    return files('file.pcapng')
  },
  async 'a file of several pods'() {
    await capture([...service, '--count', '300', '-o', output('several.pcapng')])
    return files('several.pcapng')
  },
  async 'a ring'() {
    await capture([...service, '--count', '700', '--rotate-size', '70kB', '-o', output('ring.pcapng')])
    return files('ring_')
  },
  async 'standard output'() {
    const shell = `"$@" -o - > ${output('stdout.pcapng')}`
    execFileSync('sh', ['-c', shell, 'sh', process.execPath, programPath, ...demo, '--count', '300'], {
      env: { ...process.env, ...bareEnvironment },
      stdio: 'ignore',
    })
    return files('stdout')
  },
  async 'a FIFO'() {
    const fifo = output('a-fifo')
    execFileSync('mkfifo', [fifo])
    const reading = execReader(fifo, output('fifo.pcapng'))
    await capture(['--capture', '--extcap-interface', 'kcapdemo', '--fifo', fifo, '--count', '300'])
    await reading
    return files('fifo.pcapng')
  },
  async 'TLS keys'() {
    const end = new AbortController()
    const writing = writeKeys(output('keys.log'), end.signal)
    await capture([...demo, '--keylog', output('keys.log'), '--count', '3000', '-o', output('keys.pcapng')])
    end.abort()
    await writing
    expect(parseBlocks(readFileSync(output('keys.pcapng'))).some(({ type }) => type === 10)).toBe(true)
    return files('keys.pcapng')
  },
  async 'no packets'() {
    await capture([...demo, '--filter', 'port 9', '--duration', '2', '-o', output('empty.pcapng')])
    return files('empty.pcapng')
  },
  async 'several link types'() {
    const words = ['demo', 'prod/orders-6c9f', '--count', '50']
    await capture([...words, '-i', 'any', '-o', output('any.pcapng')])
    await capture([...words, '-i', 'eth0', '-o', output('eth0.pcapng')])
    return [...files('any.pcapng'), ...files('eth0.pcapng')]
  },
  async pcap() {
    await capture([...demo, '--count', '300', '-o', output('plain.pcap')])
    return files('plain.pcap')
  },
}

async function execReader(fifo: string, file: string): Promise<void> {
  const child = spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', fifo, file], { stdio: 'ignore' })
  await new Promise((resolve) => child.once('close', resolve))
}

/** Time, length and bytes of each packet, as tshark reads them. */
function readPackets(file: string): string[] {
  const fields = ['-T', 'fields', '-e', 'frame.time_epoch', '-e', 'frame.len', '-e', 'frame.md5_hash']
  const options = ['-o', 'frame.generate_md5_hash:TRUE']
  const text = execFileSync('tshark', ['-n', '-r', file, ...options, ...fields], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1e8,
  })
  return text.split('\n').filter((line) => line !== '')
}

/** Reports whether an interface block follows a packet. */
function hasLateInterface(file: string): boolean {
  const types = file.endsWith('.pcap') ? [] : parseBlocks(readFileSync(file)).map(({ type }) => type)
  return types.includes(6) && types.lastIndexOf(1) > types.indexOf(6)
}

const rewriters: Readonly<Record<string, (from: string, to: string) => void>> = {
  editcap: (from, to) => run('editcap', from, to),
  mergecap: (from, to) => run('mergecap', '-w', to, from),
  reordercap: (from, to) => run('reordercap', from, to),
  tshark: (from, to) => run('tshark', '-r', from, '-w', to),
}

function run(program: string, ...words: string[]): void {
  execFileSync(program, words, { stdio: ['ignore', 'ignore', 'pipe'] })
}

describe.each(Object.entries(kinds))('%s', (_kind, make) => {
  realTest(
    'is rewritten by editcap, mergecap, reordercap and tshark with the same packets, and read by tcpdump',
    async () => {
      const made = await make()
      expect(made.length).toBeGreaterThan(0)
      for (const file of made) {
        const packets = readPackets(file)
        for (const [program, rewrite] of Object.entries(rewriters)) {
          // It opens its output before it has read any packet, with the interfaces that are known then.
          if (program === 'reordercap' && hasLateInterface(file)) continue
          const to = path.join(folder, `rewritten-${program}`)
          rewrite(file, to)
          expect(readPackets(to), `${program} of ${path.basename(file)}`).toEqual(packets)
          rmSync(to)
        }
        const read = execFileSync('tcpdump', ['-n', '-t', '-q', '-r', file, '--count'], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        expect(read).toContain(`${packets.length} packet`)
        const blocks = readFileSync(file)
        if (file.endsWith('.pcapng')) expect(blocks.readUInt32LE(blocks.readUInt32LE(4))).toBe(1)
      }
    },
  )
})
