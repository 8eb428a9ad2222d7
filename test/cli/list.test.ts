import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { openApiPeer } from '../support/api-peer.ts'
import { runCliHere } from '../support/run-cli-here.ts'
import { bareEnvironment, programPath } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

async function writeKubeconfig(port: number): Promise<string> {
  const file = path.join(await makeTempFolder(), 'kubeconfig')
  const config = {
    'current-context': 'x',
    clusters: [{ name: 'x', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'x', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
  }
  await writeFile(file, JSON.stringify(config))
  return file
}

const makePage = (count: number, name: (i: number) => string) =>
  JSON.stringify({
    columnDefinitions: [{ name: 'Name' }, { name: 'Status' }],
    rows: Array.from({ length: count }, (_, i) => ({
      cells: [name(i), 'Running'],
      object: { metadata: { name: name(i), namespace: 'shop' } },
    })),
  })

test('a list of thousands is printed whole, whatever its form', async () => {
  const { port } = await openApiPeer((_request, response) => response.end(makePage(2_500, (i) => `web-${i}`)))
  const environment = { KUBECONFIG: await writeKubeconfig(port) }
  const list = async (form: string) => (await runCliHere(['list', 'pods', '-A', '-o', form], environment)).stdout
  const names = (await list('name')).trimEnd().split('\n')
  expect([names.length, names.at(-1)]).toEqual([2_500, 'shop/web-2499'])
  const table = (await list('table')).trimEnd().split('\n')
  expect([table.length, table[0], table[1]]).toEqual([
    2_501,
    'NAMESPACE   NAME       STATUS',
    'shop        web-0      Running',
  ])
  const rows = JSON.parse(await list('json')) as unknown[]
  expect([rows.length, rows.at(-1)]).toEqual([
    2_500,
    { namespace: 'shop', name: 'web-2499', status: 'Running', containers: [] },
  ])
})

test('an empty list is nothing, or an empty JSON list', async () => {
  const { port } = await openApiPeer((_request, response) => response.end(makePage(0, String)))
  const environment = { KUBECONFIG: await writeKubeconfig(port) }
  expect((await runCliHere(['list', 'pods'], environment)).stdout).toBe('')
  expect((await runCliHere(['list', 'pods', '-o', 'json'], environment)).stdout).toBe('[]\n')
})

test('a list that is too long is cut with a notice', async () => {
  const page = makePage(1_000, (i) => `${'x'.repeat(245)}-${i}`)
  const endless = page.replace('{', '{"metadata":{"continue":"TOKEN"},')
  let count = 0
  const { port } = await openApiPeer((_request, response) => response.end(endless.replace('TOKEN', String(count++))))
  const { code, stdout, stderr } = await runCliHere(['list', 'pods', '-o', 'name'], {
    KUBECONFIG: await writeKubeconfig(port),
  })
  expect([code, stderr]).toEqual([0, 'kcap: the list is cut: -n NAMESPACE and -l SELECTOR narrow it\n'])
  const lines = stdout.trimEnd().split('\n').length
  expect(lines).toBeGreaterThan(40_000)
  expect(lines).toBeLessThan(80_000)
})

test('a reader that has seen enough ends a list in silence', async () => {
  const { port } = await openApiPeer((_request, response) => response.end(makePage(20_000, (i) => `web-${i}`)))
  const { stdout, stderr } = await promisify(execFile)(
    'sh',
    ['-c', '{ "$0" "$1" list pods -o name; echo "ended with $?" >&2; } | head -n 1', process.execPath, programPath],
    { env: { ...process.env, ...bareEnvironment, KUBECONFIG: await writeKubeconfig(port) } as NodeJS.ProcessEnv },
  )
  expect([stdout, stderr]).toEqual(['shop/web-0\n', 'ended with 0\n'])
})
