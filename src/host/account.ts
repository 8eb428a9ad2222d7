import { homedir, userInfo } from 'node:os'

/** Account that runs kcap, as the system knows it, regardless of HOME and USER. */
export interface Account {
  /** User name; undefined if the system has no such account, as in a container with an arbitrary user id. */
  readonly name: string | undefined
  readonly homeFolder: string
}

/** Returns the account's name for display. */
export function accountLabel(): string {
  return findAccount().name ?? 'unknown'
}

export function findAccount(): Account {
  try {
    const { username, homedir: homeFolder } = userInfo()
    return { name: username, homeFolder }
  } catch {
    return { name: undefined, homeFolder: homedir() }
  }
}
