import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect } from 'vitest'
import { makeServerCertificate } from '../../src/tls/self-signed-certificate.ts'
import { parseBlocks } from '../support/packets.ts'
import { programPath, startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { expectNoCaptures, hasLab, kubectl, lab, realTest } from './lab.ts'

/** The node's address, which its pods reach. */
const node = '10.231.0.2'
const port = 18_443
const keyLog = '/tmp/kcap-tls-keys.log'
/** Ends with its standard input. */
const serverScript = `
const [cert, key] = process.argv.slice(1)
const server = require('https').createServer({ cert, key }, (request, response) => response.end('secret of ' + request.url + '\\n'))
server.listen(${port}, '${node}', () => console.log('listening'))
process.stdin.resume().on('end', () => process.exit())
`
let folder: string
let server: ChildProcess | undefined
const environment = { KUBECONFIG: lab.kubeconfig }
beforeAll(async () => {
  folder = await makeTempFolder()
  if (!hasLab) return
  const { certificate, key } = makeServerCertificate()
  const child = spawn(lab.command, ['node-exec', 'node', '-e', serverScript, '--', certificate, key], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  server = child
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
  })
})
afterAll(async () => {
  if (server === undefined) return
  const ended = new Promise((resolve) => server?.once('exit', resolve))
  server.stdin?.end()
  await ended
  await kubectl('exec', '-n', 'shop', 'loadgen', '--', 'rm', '-f', keyLog)
})

async function fetchInPod(name: string): Promise<void> {
  const argv = ['env', `SSLKEYLOGFILE=${keyLog}`, 'curl', '-sk', `https://${node}:${port}/${name}`]
  expect(await kubectl('exec', '-n', 'shop', 'loadgen', '--', ...argv)).toBe(`secret of /${name}\n`)
}

const words = () => ['shop/loadgen', '--port', String(port), '--pod-keylog', keyLog]

realTest(
  'a tshark behind a pipe decrypts a TLS conversation live: keys precede the packets that need them',
  async () => {
    const kcap = spawn(process.execPath, [programPath, ...words(), '-v', '--duration', '6', '-o', '-'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    let said = ''
    kcap.stderr.on('data', (chunk) => (said += chunk))
    const tshark = spawn(
      'tshark',
      ['-l', '-i', '-', '-Y', 'http', '-T', 'fields', '-e', 'http.request.uri', '-e', 'http.file_data'],
      {
        stdio: [kcap.stdout, 'pipe', 'ignore'],
      },
    )
    let seen = ''
    tshark.stdout.on('data', (chunk) => (seen += chunk))
    const ended = new Promise((resolve) => tshark.once('close', resolve))
    const isCapturing = () => said.includes('tcpdump -i')
    for (let waitedMs = 0; !isCapturing() && waitedMs < 20_000; waitedMs += 100) await sleep(100)
    await sleep(1_000)
    await fetchInPod('live-1')
    await fetchInPod('live-2')
    await ended
    expect(seen).toContain('/live-1')
    expect(seen).toContain('/live-2')
    await expectNoCaptures()
  },
)

realTest('a saved capture has the TLS keys too, and every line once', async () => {
  const file = path.join(folder, 'tls.pcapng')
  const capture = startKcap([...words(), '--duration', '6', '-o', file], environment)
  await sleep(3_000)
  await fetchInPod('saved')
  const { code } = await capture.ended
  expect(code).toBe(0)
  expect(await readUris(file)).toContain('/saved')
  const keys = await readKeys(file)
  expect(keys.length).toBeGreaterThan(0)
  expect(new Set(keys).size).toBe(keys.length)
})

realTest('the second file of a rotation has the TLS keys of the first too', async () => {
  const capture = startKcap(
    [...words(), '--duration', '11', '--rotate-time', '3s', '-o', path.join(folder, 'ring.pcapng')],
    environment,
  )
  await sleep(3_000)
  await fetchInPod('first')
  await sleep(4_000)
  await fetchInPod('second')
  const { code, stderr } = await capture.ended
  expect([code, stderr]).toEqual([0, expect.stringContaining('(2 files)')])
  const [first = '', second = ''] = (await readdir(folder)).filter((name) => name.startsWith('ring_')).sort()
  expect((await readUris(path.join(folder, second))).at(-1)).toBe('/second')
  const keysOfBoth = new Set(await readKeys(path.join(folder, second)))
  for (const key of await readKeys(path.join(folder, first))) expect(keysOfBoth).toContain(key)
})

realTest('a key log larger than the capture may be costs nothing: only sessions of the capture have keys', async () => {
  const old = `for i in $(seq 100000 103000); do printf 'CLIENT_RANDOM %064d %096d\\n' $i $i; done >> ${keyLog}`
  await kubectl('exec', '-n', 'shop', 'loadgen', '--', 'sh', '-c', old)
  const file = path.join(folder, 'small.pcapng')
  const capture = startKcap([...words(), '--max-size', '200kB', '--duration', '6', '-o', file], environment)
  await sleep(3_000)
  await fetchInPod('small')
  const { code, stderr } = await capture.ended
  expect([code, stderr]).toEqual([0, expect.stringContaining('duration reached')])
  expect(await readUris(file)).toEqual(['/small'])
  const sessions = new Set((await readKeys(file)).map((line) => line.split(' ')[1]))
  expect(sessions.size).toBe(1)
})

async function readUris(file: string): Promise<string[]> {
  const argv = ['-r', file, '-Y', 'http.request', '-T', 'fields', '-e', 'http.request.uri']
  const text = execFileSync('tshark', argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return text.trim().split('\n')
}

async function readKeys(file: string): Promise<string[]> {
  return parseBlocks(await readFile(file)).flatMap(({ type, body }) =>
    type === 10
      ? body
          .toString('latin1', 8, 8 + body.readUInt32LE(4))
          .trimEnd()
          .split('\n')
      : [],
  )
}
