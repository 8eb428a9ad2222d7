import { afterEach, expect, test } from 'vitest'
import { openRelay, type Relay } from '../support/relay.ts'
import { collect, noSignal, openConnection, openHome, openServer } from '../support/ssh-fixture.ts'
import { makeKeyPair } from '../support/ssh-server.ts'

const zeros = 1_000_000
let relay: Relay | undefined
afterEach(async () => {
  await relay?.close()
})

/** Returns the number of bytes on the wire for a million zeros. */
async function transfer(config: string[], mayCompress?: boolean): Promise<number> {
  const pair = makeKeyPair()
  const server = await openServer({ users: { ann: { keys: [pair.public] } } })
  relay = await openRelay(server.port)
  const home = openHome(server.knownHosts.replace(`:${server.port} `, `:${relay.port} `), config)
  home.write('id_ed25519', pair.private)
  const connection = await openConnection(home.host(relay.port), { mayCompress })
  const process = await connection.startProcess(`head -c ${zeros} /dev/zero`, noSignal())
  expect((await collect(process)).stdout.length).toBe(zeros)
  return relay.bytesDown()
}

test('Compression yes of the ssh config makes the host compress', async () => {
  expect(await transfer(['Compression yes'])).toBeLessThan(zeros / 10)
})

test.each<[string, string[], boolean | undefined]>([
  ['without it', [], undefined],
  ['with Compression no', ['Compression no'], true],
  ['where the stream is compressed already', ['Compression yes'], false],
])('kcap compresses nothing %s', async (_what, config, mayCompress) => {
  expect(await transfer(config, mayCompress)).toBeGreaterThan(zeros)
})
