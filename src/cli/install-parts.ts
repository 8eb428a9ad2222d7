import { existsSync, rmSync } from 'node:fs'
import { toKcapError } from '../base/kcap-error.ts'
import { findUserFolders } from '../host/user-folders.ts'
import type { LauncherPaths } from '../install/format-launcher.ts'
import { findK9sFile, installK9s, uninstallK9s } from '../install/install-k9s.ts'
import { registerLinks, unregisterLinks } from '../install/register-links.ts'

/** Registers the links, and reports it. Wireshark's list works without them, so a failure is no reason to fail. */
export async function addLinks(paths: LauncherPaths): Promise<void> {
  try {
    const { state, place } = await registerLinks(paths)
    if (state === 'foreign') reportLine(`left out, for links: another program has ${place}`)
    else
      reportLine(`${state === 'unchanged' ? 'already registered' : 'registered'} for links kcap: and kcaps: ${place}`)
  } catch (error) {
    reportLine(`left out, for links: ${toKcapError(error).message}`)
  }
}

/**
 * Removes the registration of the links, and reports it. Returns whether there was any.
 * @throws {KcapError} install-failed — when it cannot be removed
 */
export async function removeLinks(): Promise<boolean> {
  const { state, place } = await unregisterLinks()
  if (state === 'removed') reportLine(`removed ${place}`)
  return state === 'removed'
}

/**
 * Adds the plugins to k9s, and reports it.
 * @throws {KcapError} install-failed — when k9s' file cannot be changed
 */
export function addK9s(paths: LauncherPaths): void {
  const file = findK9sFile()
  const { state, shortcut } = installK9s(file, paths)
  const done = { new: 'installed in', updated: 'updated in', unchanged: 'already installed in' }[state]
  reportLine(`${done} ${file}: ${shortcut} on a pod, service or deployment shows its packets in Wireshark`)
}

/**
 * Removes the plugins from k9s, and reports it. Returns whether there were any.
 * @throws {KcapError} install-failed — when k9s' file cannot be changed
 */
export function removeK9s(): boolean {
  const file = findK9sFile()
  const isRemoved = uninstallK9s(file)
  if (isRemoved) reportLine(`removed from ${file}`)
  return isRemoved
}

/** Removes what listings stored: names, dialogs, choices. Returns whether there was any. */
export function removeCache(): boolean {
  const { cache } = findUserFolders()
  if (!existsSync(cache)) return false
  rmSync(cache, { recursive: true })
  reportLine(`removed ${cache}`)
  return true
}

/** Prints a line of `kcap install`. */
export function reportLine(text: string): void {
  process.stdout.write(`kcap: ${text}\n`)
}
