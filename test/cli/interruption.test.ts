import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { expect, test } from 'vitest'
import { afterThisFile } from '../support/cleanups.ts'
import { startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const folder = await makeTempFolder()
const kubeconfig = path.join(folder, 'kubeconfig')
const output = path.join(folder, 'out.pcapng')

/** A cluster that accepts connections and says nothing; settles with each connection. */
async function openSilentCluster(): Promise<() => Promise<void>> {
  const server = createServer((socket) => socket.on('error', () => {}))
  afterThisFile.add(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const entry = { name: 'x', cluster: { server: `https://127.0.0.1:${port}` } }
  const context = { name: 'x', context: { cluster: 'x', user: 'x' } }
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      'current-context': 'x',
      clusters: [entry],
      users: [{ name: 'x', user: { token: 't' } }],
      contexts: [context],
    }),
  )
  return async () => void (await once(server, 'connection'))
}

const reached = await openSilentCluster()

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)(
  '%s while a cluster is waited for ends a command at once, with %s and without a word',
  async (signal, code) => {
    for (const words of [
      ['list', 'pods'],
      ['doctor', 'shop/orders'],
      ['cleanup', '-A'],
    ]) {
      const run = startKcap(words, { KUBECONFIG: kubeconfig })
      await reached()
      const startedMs = performance.now()
      run.child.kill(signal)
      const { stderr, ...ended } = await run.ended
      expect([words, ended.code, stderr]).toEqual([words, code, ''])
      expect(performance.now() - startedMs).toBeLessThan(5_000)
    }
  },
)

test('a capture that is interrupted before it began says that nothing was written, and leaves no file', async () => {
  const run = startKcap(['shop/orders', '-o', output], { KUBECONFIG: kubeconfig })
  await reached()
  run.child.kill('SIGINT')
  const { code, stderr } = await run.ended
  expect([code, stderr, existsSync(output)]).toEqual([
    130,
    `kcap: nothing was written to ${output}: stopped before a capture had begun\n`,
    false,
  ])
})
