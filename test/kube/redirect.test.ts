import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openCluster } from '../../src/kube/cluster-access.ts'
import { getPod } from '../../src/kube/kube-objects.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { failureOf } from '../support/failure.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterThisTest.add(() => server.close())
  return (server.address() as AddressInfo).port
}

test('an API server that sends the request elsewhere gets no login there', async () => {
  let asked = 0
  const elsewhere = await listen(
    createServer((_request, response) => {
      asked += 1
      response.end('{}')
    }),
  )
  const server = await listen(
    createServer((request, response) => {
      response.writeHead(307, { Location: `http://127.0.0.1:${elsewhere}${request.url}` }).end()
    }),
  )
  const file = path.join(await makeTempFolder(), 'kubeconfig')
  const config = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    clusters: [{ name: 'k', cluster: { server: `http://127.0.0.1:${server}` } }],
    users: [{ name: 'u', user: { token: 'secret' } }],
  }
  await writeFile(file, JSON.stringify(config))
  const { signal } = new AbortController()
  const access = await openCluster({ kubeconfigPaths: [file], signal, timeoutMs: 5_000, interactive: false })
  afterThisTest.add(() => access.close())
  expect((await failureOf(getPod(access, 'n', 'p', signal))).code).toBe('api-failed')
  expect(asked).toBe(0)
})
