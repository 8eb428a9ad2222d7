import { homedir, userInfo } from 'node:os'

/** The account that runs kcap, as the system knows it, whatever HOME and USER say. */
export interface Account {
  /** undefined where the system has no such account, as in a container with a user id of its own. */
  readonly name: string | undefined
  readonly homeFolder: string
}

/** Returns the account's name for people to read. */
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
