import { registerApplicationLinks, unregisterApplicationLinks } from './application-links.ts'
import { findDesktopPlaces, registerDesktopLinks, unregisterDesktopLinks } from './desktop-links.ts'
import type { LauncherPaths } from './format-launcher.ts'
import type { LinkRegistration } from './link-registration.ts'
import { registerRegistryLinks, unregisterRegistryLinks } from './registry-links.ts'
import { toInstallError } from './to-install-error.ts'

/**
 * Registers the links `kcap:` and `kcaps:` with this user's desktop. A click on one then runs `kcap open`.
 * @throws {KcapError} install-failed — when the desktop's files or programs refuse
 */
export async function registerLinks(
  paths: LauncherPaths,
  platform: NodeJS.Platform = process.platform,
): Promise<LinkRegistration> {
  if (platform === 'win32') return await registerRegistryLinks(paths)
  if (platform === 'darwin') return await registerApplicationLinks(paths)
  return await registerDesktopLinks(paths).catch((error: unknown) => {
    throw toInstallError('install', findDesktopPlaces().entry, error)
  })
}

/**
 * Removes exactly what `registerLinks` wrote.
 * @throws {KcapError} install-failed — when the desktop's files or programs refuse
 */
export async function unregisterLinks(platform: NodeJS.Platform = process.platform): Promise<LinkRegistration> {
  if (platform === 'win32') return await unregisterRegistryLinks()
  if (platform === 'darwin') return await unregisterApplicationLinks()
  return await unregisterDesktopLinks().catch((error: unknown) => {
    throw toInstallError('remove', findDesktopPlaces().entry, error)
  })
}
