/** Steps that close what a job has opened. */
export interface Closing {
  /** To be run before the steps that are there already. */
  add(step: () => Promise<void> | void): void
  /** Runs all steps, one after the other, once. Never rejects: each step's error is reported, and the next step runs all the same. */
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
