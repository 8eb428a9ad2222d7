type Cleanup = () => unknown

function makeCleanups() {
  const cleanups: Cleanup[] = []
  return {
    add(cleanup: Cleanup): void {
      cleanups.push(cleanup)
    },
    async run(): Promise<void> {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
    },
  }
}

/** Cleanups that run after the current test or test file, the latest first; run-cleanups.ts calls them. */
export const afterThisTest = makeCleanups()
export const afterThisFile = makeCleanups()
