import { expect, test } from 'vitest'
import { makeSemaphore } from '../../src/base/semaphore.ts'

test('a semaphore admits as many callers as it has permits, the others in order of arrival', async () => {
  const semaphore = makeSemaphore(2)
  const order: number[] = []
  const releases = await Promise.all([semaphore.acquire(), semaphore.acquire()])
  const waiting = [3, 4].map(async (number) => {
    const release = await semaphore.acquire()
    order.push(number)
    return release
  })
  await Promise.resolve()
  expect(order).toEqual([])
  releases[0]?.()
  releases[0]?.()
  await waiting[0]
  expect(order).toEqual([3])
  releases[1]?.()
  await waiting[1]
  expect(order).toEqual([3, 4])
})
