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

/** What is to be done after the test, or the test file, that runs now; run-cleanups.ts does it, the latest first. */
export const afterThisTest = makeCleanups()
export const afterThisFile = makeCleanups()
