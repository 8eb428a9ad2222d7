/** `nobody` on Linux; any user who is not root will do. */
const ordinaryUserId = 65_534

/** Does the work without root's power over files, whoever runs the tests. */
export async function asOrdinaryUser<Result>(work: () => Promise<Result>): Promise<Result> {
  if (process.getuid?.() !== 0) return await work()
  process.seteuid?.(ordinaryUserId)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}
