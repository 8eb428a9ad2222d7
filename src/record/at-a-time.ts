import { makeSemaphore } from '../base/semaphore.ts'

/** Changes of objects that are in flight at the same time: a record of a thousand nodes must not storm the API server. */
const changesAtATime = 16

/** Does some work for each item, for a few at a time, in their order. The first failure ends it, after what has begun. */
export async function forEachAtATime<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const permits = makeSemaphore(changesAtATime)
  let failure: { readonly error: unknown } | undefined
  const running: Promise<void>[] = []
  for (const item of items) {
    const release = await permits.acquire()
    if (failure !== undefined) break
    const one = work(item)
      .catch((error: unknown) => {
        failure ??= { error }
      })
      .finally(release)
    running.push(one)
  }
  await Promise.all(running)
  if (failure !== undefined) throw failure.error
}
