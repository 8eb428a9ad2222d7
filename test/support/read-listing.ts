import { expect, vi } from 'vitest'
import { waitForCacheProcesses } from './cache-processes.ts'
import { runKcap } from './run-kcap.ts'

/**
 * Returns Wireshark's list with the demo's pods: one waits 0.6 s for clusters, which on a busy machine may not be enough. The refresh that it has
 * started for the dialogs is over then.
 */
export async function readListing(environment: Record<string, string>) {
  const ask = async () => {
    const run = await runKcap(['--extcap-interfaces', '--extcap-version=4.6'], environment)
    expect(run.stdout.toString()).toContain('prod/orders-6c9f')
    return run
  }
  const listing = await vi.waitFor(ask, { timeout: 15_000, interval: 200 })
  if (environment.XDG_CACHE_HOME !== undefined) await waitForCacheProcesses(environment.XDG_CACHE_HOME)
  return listing
}
