import { expect, test } from 'vitest'
import { findRecordLeftovers } from '../../src/cleanup/find-record-leftovers.ts'
import type { FoundLeftover } from '../../src/cleanup/leftover.ts'
import { createRecord } from '../../src/record/create-record.ts'
import { jobName } from '../../src/record/record-objects.ts'
import { makeTypedClients } from '../../src/record/typed-clients.ts'
import { recordSpec } from '../support/record-spec.ts'
import { openStorePeer, type StoredObject } from '../support/store-peer.ts'

const { signal } = new AbortController()

async function open() {
  const peer = await openStorePeer()
  await createRecord(makeTypedClients(peer.access, signal), recordSpec, ['node-1', 'node-2'])
  const end = (node: string) => {
    const job = peer.get(`jobs/shop/${jobName('orders-7f3a', node)}`) as StoredObject
    peer.put('jobs', {
      ...job,
      status: { conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }] },
    })
  }
  const clean = async (namespace: string | undefined, dryRun = false) => {
    const found: FoundLeftover[] = []
    const failures: string[] = []
    const onFailure = (place: string, reason: string) => failures.push(`${place}: ${reason}`)
    const options = { namespace, dryRun, force: false, signal, onFailure }
    for await (const one of findRecordLeftovers(peer.access, options)) found.push(one)
    expect(failures).toEqual([])
    return found
  }
  return { ...peer, end, clean }
}

test('a running record is named and kept, whatever namespace is looked into', async () => {
  const { clean, names } = await open()
  const before = names()
  const record = { kind: 'record', place: 'shop/orders-7f3a', state: 'kept' }
  expect(await clean(undefined)).toMatchObject([{ ...record, what: 'record on 2 nodes; kcap record stop ends it' }])
  expect(await clean('shop')).toMatchObject([record])
  expect(await clean('staging')).toEqual([])
  expect(names()).toEqual(before)
})

test('the jobs that have ended are removed, and with the last of them everything', async () => {
  const { clean, end, names } = await open()
  end('node-1')
  expect((await clean(undefined)).map(({ place, state }) => [place, state])).toEqual([
    ['shop/orders-7f3a', 'kept'],
    [`shop/${jobName('orders-7f3a', 'node-1')}`, 'removed'],
  ])
  end('node-2')
  expect((await clean(undefined, true)).map(({ state }) => state)).toEqual(Array(6).fill('found'))
  expect(names()).toHaveLength(6)
  expect((await clean(undefined)).map(({ state }) => state)).toEqual(Array(6).fill('removed'))
  expect(names()).toEqual([])
})
