import { expect, test } from 'vitest'
import { readTable } from '../../src/kube/read-table.ts'
import { resourceKinds } from '../../src/kube/resource-kinds.ts'
import { openApiPeer } from '../support/api-peer.ts'

const { signal } = new AbortController()
const table = {
  columnDefinitions: [
    { name: 'Name', priority: 0 },
    { name: 'Status', priority: 0 },
    { name: 'Node', priority: 1 },
  ],
  rows: [
    {
      cells: ['web', 'Running', 'node-1'],
      object: { metadata: { name: 'web', namespace: 'shop' }, spec: { containers: [{ name: 'api' }] } },
    },
  ],
}

async function read(answer: object, more: Partial<Parameters<typeof readTable>[2]> = {}) {
  const { access } = await openApiPeer((_request, response) => response.end(JSON.stringify(answer)))
  const { columns, rows } = await readTable(access, resourceKinds.pod, { detail: 'usual', signal, ...more })
  return { columns: columns.map(({ name }) => name), rows }
}

test('a table has the columns of kubectl get, and those of -o wide where they are wanted', async () => {
  const usual = await read(table)
  expect([usual.columns, usual.rows[0]?.cells]).toEqual([
    ['Name', 'Status'],
    ['web', 'Running'],
  ])
  const wide = await read(table, { detail: 'wide' })
  expect([wide.columns, wide.rows[0]?.cells]).toEqual([
    ['Name', 'Status', 'Node'],
    ['web', 'Running', 'node-1'],
  ])
})

test('names alone keep no cells', async () => {
  expect(await read(table, { detail: 'names' })).toEqual({ columns: [], rows: [{ name: 'web', namespace: 'shop' }] })
})

test('containers are read where they are wanted', async () => {
  const { rows } = await read(table, { detail: 'names', withContainers: true })
  expect(rows).toEqual([{ name: 'web', namespace: 'shop', containers: ['api'] }])
})

test('a server without Tables has names and states', async () => {
  const items = [{ metadata: { name: 'web', namespace: 'shop' }, status: { phase: 'Pending' } }]
  const { columns, rows } = await read({ items })
  expect([columns, rows[0]?.cells]).toEqual([
    ['Name', 'Status'],
    ['web', 'Pending'],
  ])
})
