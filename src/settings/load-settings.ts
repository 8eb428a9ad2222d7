import { readFileSync } from 'node:fs'
import { fileWord, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { findConfigFile } from './config-file.ts'
import { defaultSettings, type Settings } from './settings.ts'

/**
 * Loads the settings; without a config file, returns the defaults.
 * @throws {KcapError} config-broken — when the file cannot be read or is invalid
 */
export async function loadSettings(environment: NodeJS.ProcessEnv = process.env): Promise<Settings> {
  const file = findConfigFile(environment)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if ((code === 'ENOENT' || code === 'ENOTDIR') && !environment.KCAP_CONFIG) return defaultSettings(file)
    const states: Record<string, string> = {
      ENOENT: 'no such file',
      EACCES: 'permission denied',
      EISDIR: 'is a directory',
    }
    throw new KcapError('config-broken', `cannot use the config file "${file}": ${states[code ?? ''] ?? message}`, {
      hints: [line('ls', '-ld', fileWord(file)), ...(code === 'ENOENT' ? ['unset KCAP_CONFIG'] : [])],
      cause: error,
    })
  }
  // A listing without a config file must not pay for a YAML parser.
  const { parseSettings } = await import('./parse-settings.ts')
  return parseSettings(file, text)
}
