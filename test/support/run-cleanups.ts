import { afterAll, afterEach, vi } from 'vitest'
import { afterThisFile, afterThisTest } from './cleanups.ts'

// Files share a process and all its modules. Vitest loads only this file again for each file, so only it may name hooks.
afterEach(async () => await afterThisTest.run())
afterAll(async () => {
  vi.unstubAllEnvs()
  await afterThisFile.run()
})
