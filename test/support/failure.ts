import { KcapError } from '../../src/base/kcap-error.ts'

/** The KcapError that a promise rejects with; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<KcapError> {
  return await promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => (error instanceof KcapError ? error : Promise.reject(error)),
  )
}
