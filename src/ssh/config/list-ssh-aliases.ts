import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { includeSshConfigs } from './include-ssh-config.ts'

/** Returns the host names in the `Host` lines of an ssh config, without patterns. */
export async function listSshAliases(homeFolder: string, configPath?: string): Promise<string[]> {
  const text = await readFile(configPath ?? path.join(homeFolder, '.ssh', 'config'), 'utf8').catch(() => '')
  const whole = await includeSshConfigs(text, homeFolder)
  const names = whole.split(/\r?\n/).flatMap((line) => {
    const [, words = ''] = /^\s*host(?:\s*=\s*|\s+)([^#]*)/i.exec(line) ?? []
    return [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
  })
  return [...new Set(names.filter((name) => name !== '' && !/[*?!]/.test(name)))]
}
