/** Cleanup steps of a job. */
export interface Closing {
  /** Adds a step that runs before the steps already added. */
  add(step: () => Promise<void> | void): void
  /** Runs all steps once, one after the other. Never rejects: each step's error is reported, and the next step still runs. */
  close(): Promise<void>
}

export function makeClosing(report: (error: unknown) => void): Closing {
  const steps: (() => Promise<void> | void)[] = []
  return {
    add(step) {
      steps.push(step)
    },
    async close() {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
        try {
          await step()
        } catch (error) {
          report(error)
        }
      }
    },
  }
}
