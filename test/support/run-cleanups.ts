import { afterAll, afterEach, vi } from 'vitest'
import { afterThisFile, afterThisTest } from './cleanups.ts'

// Files share a process and with it all modules: only what Vitest itself loads anew for each file may name hooks.
afterEach(async () => await afterThisTest.run())
afterAll(async () => {
  vi.unstubAllEnvs()
  await afterThisFile.run()
})
