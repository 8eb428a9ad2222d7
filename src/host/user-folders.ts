import { homedir } from 'node:os'
import path from 'node:path'

/** The user's folders: settings that a person edits, and a cache that can be deleted. */
export interface UserFolders {
  readonly home: string
  readonly config: string
  /** Cache folder. The launcher for Wireshark (launchers/launcher.sh) finds it by the same rules. */
  readonly cache: string
}

/**
 * Returns the user's folders by https://specifications.freedesktop.org/basedir-spec/latest/, or by the platform's own rules if it has any. Ignores
 * relative paths in the XDG variables.
 */
export function findUserFolders(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): UserFolders {
  const home = environment.HOME || homedir()
  if (platform === 'win32') {
    const roaming = environment.APPDATA ?? path.join(home, 'AppData', 'Roaming')
    const local = environment.LOCALAPPDATA ?? path.join(home, 'AppData', 'Local')
    return { home, config: path.join(roaming, 'kcap'), cache: path.join(local, 'kcap', 'cache') }
  }
  const isMac = platform === 'darwin'
  const standardConfig = isMac ? path.join(home, 'Library', 'Application Support') : path.join(home, '.config')
  const standardCache = isMac ? path.join(home, 'Library', 'Caches') : path.join(home, '.cache')
  return {
    home,
    config: path.join(absolute(environment.XDG_CONFIG_HOME) ?? standardConfig, 'kcap'),
    cache: path.join(absolute(environment.XDG_CACHE_HOME) ?? standardCache, 'kcap'),
  }
}

function absolute(folder: string | undefined): string | undefined {
  return folder?.startsWith('/') ? folder : undefined
}
