import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { makeCertificates } from '../support/certificates.ts'
import { afterThisFile } from '../support/cleanups.ts'
import { openDemoFixture } from '../support/demo.ts'
import { openProxies } from '../support/proxies.ts'
import { readListing } from '../support/read-listing.ts'
import { runKcap } from '../support/run-kcap.ts'

const demo = await openDemoFixture({ packetsPerSecond: 400, startDelayMs: 20 })
const proxies = await openProxies(await makeCertificates())
afterThisFile.add(() => proxies.close())

/** The demo's kubeconfig, with a proxy on the way. */
async function kubeconfigBy(url: string): Promise<string> {
  const file = path.join(demo.folder, 'proxied')
  const text = await readFile(await demo.kubeconfig(), 'utf8')
  await writeFile(file, text.replace(/^( *)server: .*$/m, `$&\n$1proxy-url: ${url}`))
  return file
}

test.each(['http', 'socks5'] as const)('a capture comes through a proxy %s', async (kind) => {
  const login = kind === 'http' ? 'me:s3cret@' : ''
  const KUBECONFIG = await kubeconfigBy(`${kind}://${login}127.0.0.1:${proxies.ports[kind]}`)
  const output = path.join(demo.folder, `${kind}.pcapng`)
  proxies.take()
  const words = ['prod/orders-6c9f', '--count', '20', '-o', output, '--verbose']
  const { code, stderr } = await runKcap(words, { KUBECONFIG })
  expect([code, stderr]).toEqual([0, expect.stringMatching(/: 20 packets/)])
  expect(proxies.take()).toEqual([expect.stringMatching(new RegExp(`^${kind} .*127.0.0.1:\\d+`))])
  expect(`${stderr}${await readFile(output, 'latin1')}`).not.toContain('s3cret')
})

test("Wireshark's list comes through a proxy", async () => {
  const KUBECONFIG = await kubeconfigBy(`http://127.0.0.1:${proxies.ports.http}`)
  proxies.take()
  const { stderr } = await readListing({ KUBECONFIG })
  expect(stderr).toBe('')
  expect([...new Set(proxies.take().map((line) => line.split(' ', 2).join(' ')))]).toEqual(['http CONNECT'])
})
