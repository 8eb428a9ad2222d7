import path from 'node:path'

/**
 * Folders that may hold Wireshark in addition to PATH. Its installers do not change PATH on macOS and Windows, and a non-login shell may lack them.
 */
const placesByPlatform: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['/Applications/Wireshark.app/Contents/MacOS', '/usr/local/bin', '/opt/homebrew/bin', '/opt/local/bin'],
  win32: ['C:\\Program Files\\Wireshark', 'C:\\Program Files (x86)\\Wireshark'],
}
const otherPlaces = ['/usr/bin', '/usr/local/bin', '/opt/wireshark/bin']

/** Returns the candidate files for Wireshark programs of these names, in order of PATH. Most do not exist. */
export function listWiresharkFiles(
  names: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string[] {
  const { delimiter, isAbsolute, join } = platform === 'win32' ? path.win32 : path.posix
  const folders = [
    ...(environment.PATH ?? '').split(delimiter).filter((folder) => isAbsolute(folder)),
    ...(placesByPlatform[platform] ?? otherPlaces),
  ]
  const ending = platform === 'win32' ? '.exe' : ''
  return names.flatMap((name) => folders.map((folder) => join(folder, name + ending)))
}
