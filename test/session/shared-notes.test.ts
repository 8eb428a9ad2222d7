import { expect, test } from 'vitest'
import type { AddressName } from '../../src/base/address-name.ts'
import { makeSharedNotes } from '../../src/session/shared-notes.ts'

function make(names: boolean) {
  const written: AddressName[] = []
  const writer = { addNames: async (more: readonly AddressName[]) => void written.push(...more) }
  const keys = { writeShared: async () => {} }
  const fail = (error: unknown) => {
    throw error
  }
  return { written, notes: makeSharedNotes({ request: { names }, writer, keys, fail }) }
}

const web = { address: '10.0.0.7', name: 'web.shop' }

test('a name that a stream repeats is written once, and a new name of the same address too', () => {
  const { written, notes } = make(true)
  notes.takeNames([web])
  notes.takeNames([web, { ...web, name: 'web-2.shop' }])
  expect(written).toEqual([web, { ...web, name: 'web-2.shop' }])
})

test('names are left out with --no-names', () => {
  const { written, notes } = make(false)
  notes.takeNames([web])
  expect(written).toEqual([])
})
