import { expect, test } from 'vitest'
import { readOutput } from '../../src/capture/read-output.ts'
import { openSshRoute } from '../../src/route/ssh-route.ts'
import { noSignal, openHome, openServer } from '../support/ssh-fixture.ts'
import { makeKeyPair } from '../support/ssh-server.ts'

const pair = makeKeyPair()

test('a login that hangs ends with the signal of the opening', async () => {
  const server = await openServer({ users: {}, greeting: 'none' })
  const home = openHome('')
  const opening = new AbortController()
  const name = home.host(server.port)
  const route = openSshRoute({ kind: 'ssh', name }, name, { signal: noSignal() }, opening.signal)
  const stopped = expect(route).rejects.toThrow('stopped')
  await expect.poll(() => server.connectionCount()).toBe(1)
  opening.abort(new Error('stopped'))
  await stopped
})

test('a connection that is made outlives the signal of its opening, and ends with its own', async () => {
  const server = await openServer({ users: { ann: { keys: [pair.public] } } })
  const home = openHome(server.knownHosts)
  home.write('id_ed25519', pair.private)
  const opening = new AbortController()
  const lifetime = new AbortController()
  const name = home.host(server.port)
  const options = { signal: lifetime.signal, environment: { PATH: process.env.PATH } }
  const route = await openSshRoute({ kind: 'ssh', name }, name, options, opening.signal)
  opening.abort()
  const program = await route.start(['echo', 'out'], noSignal())
  const chunks: Buffer[] = []
  program.stderr.resume()
  for await (const some of readOutput(program)) chunks.push(...some)
  expect(Buffer.concat(chunks).toString()).toBe('out\n')
  lifetime.abort()
  await expect.poll(() => server.connectionCount()).toBe(0)
  await route.close()
})
