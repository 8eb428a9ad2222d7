import { expect, vi } from 'vitest'
import { runKcap } from './run-kcap.ts'

/** Wireshark's list with the demo's pods: one waits 0.6 s for clusters, which on a busy machine may not be enough. */
export async function takeListing(environment: Record<string, string>) {
  const ask = async () => {
    const run = await runKcap(['--extcap-interfaces', '--extcap-version=4.6'], environment)
    expect(run.stdout.toString()).toContain('prod/orders-6c9f')
    return run
  }
  return await vi.waitFor(ask, { timeout: 15_000, interval: 200 })
}
