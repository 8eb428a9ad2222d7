import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'

/** Returns the ids of processes that were started with this cache, such as a refresh of the list. */
export function findCacheProcesses(cache: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'utf8').includes(`XDG_CACHE_HOME=${cache}\0`)
      } catch {
        return false
      }
    })
}

/** Waits until none is left. */
export async function waitForCacheProcesses(cache: string, limitMs = 10_000): Promise<void> {
  for (const startedMs = Date.now(); findCacheProcesses(cache).length > 0 && Date.now() - startedMs < limitMs; )
    await sleep(50)
  expect(findCacheProcesses(cache)).toEqual([])
}
