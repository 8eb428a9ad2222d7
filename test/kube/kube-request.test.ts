import { writeFile } from 'node:fs/promises'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openCluster } from '../../src/kube/cluster-access.ts'
import { getPod } from '../../src/kube/kube-objects.ts'
import { listen } from '../support/api-servers.ts'
import { base64, makeCertificates } from '../support/certificates.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { failureOf } from '../support/failure.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

async function open(server: Server): Promise<number> {
  afterThisTest.add(() => server.close())
  return await listen(server)
}

test('an API server that sends the request elsewhere gets no login there', async () => {
  const { root, intermediate, server: own } = await makeCertificates()
  let askedElsewhere = 0
  const elsewhere = await open(
    createHttpServer((_request, response) => {
      askedElsewhere += 1
      response.end('{}')
    }),
  )
  const logins: (string | undefined)[] = []
  const identity = { key: own.key, cert: `${own.certificate}\n${intermediate.certificate}` }
  const server = await open(
    createHttpsServer(identity, (request, response) => {
      logins.push(request.headers.authorization)
      response.writeHead(307, { Location: `http://127.0.0.1:${elsewhere}${request.url}` }).end()
    }),
  )
  const file = path.join(await makeTempFolder(), 'kubeconfig')
  const cluster = {
    server: `https://127.0.0.1:${server}`,
    'certificate-authority-data': base64(root.certificate),
  }
  const config = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    clusters: [{ name: 'k', cluster }],
    users: [{ name: 'u', user: { token: 'secret' } }],
  }
  await writeFile(file, JSON.stringify(config))
  const { signal } = new AbortController()
  const access = await openCluster({ kubeconfigPaths: [file], signal, timeoutMs: 5_000, interactive: false })
  afterThisTest.add(() => access.close())
  expect((await failureOf(getPod(access, 'n', 'p', signal))).code).toBe('api-failed')
  expect([logins, askedElsewhere]).toEqual([['Bearer secret'], 0])
})
