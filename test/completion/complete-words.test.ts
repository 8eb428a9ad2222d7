import { expect, test } from 'vitest'
import { completeWords } from '../../src/completion/complete-words.ts'
import type { KnownWords } from '../../src/completion/known-words.ts'

const known: KnownWords = {
  contexts: async () => [],
  names: async () => ({
    pods: [{ namespace: 'shop', pod: 'web-0' }],
    hasMore: false,
    namespaces: ['shop'],
    ownNamespace: 'shop',
    records: [{ namespace: 'shop', name: 'orders-7f3a' }],
  }),
  pods: async () => ['web-0'],
  objects: async () => [],
  sshHosts: async () => [],
}

async function offer(...words: readonly string[]): Promise<string[]> {
  const offers = await completeWords(words.slice(0, -1), words.at(-1) ?? '', () => known)
  return typeof offers === 'string' ? [offers] : offers.map(({ value }) => value)
}

test.each(['attach', 'fetch', 'stop'])('after "record %s" come the records that run', async (word) => {
  expect(await offer('record', word, '')).toEqual(['orders-7f3a'])
})

test('one record can be read, and several can be stopped', async () => {
  expect(await offer('record', 'fetch', 'orders-7f3a', '')).toEqual([])
  expect(await offer('record', 'stop', 'orders-7f3a', '')).toEqual(['orders-7f3a'])
})

test('after "record" come its commands, and after "record start" targets', async () => {
  expect(await offer('record', '')).toEqual(['start', 'list', 'attach', 'fetch', 'stop', 'run'])
  expect(await offer('record', 'start', '')).toContain('web-0')
  expect(await offer('record', 'list', '')).toEqual([])
})
