import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { matchesWildcard } from '../../base/wildcard.ts'
import { expandSshTokens } from './expand-ssh-path.ts'

/** Maximum depth of includes, as in OpenSSH (readconf.h, READCONF_MAX_DEPTH). */
const mostDepth = 16

/**
 * Replaces the `Include` lines of a config with the files they name, for machines without ssh. Names are relative to the user's .ssh folder; `*` and
 * `?` are allowed in their last part. Skips unreadable files, like ssh.
 */
export async function includeSshConfigs(text: string, homeFolder: string, depth = 0): Promise<string> {
  if (depth > mostDepth) return ''
  const parts = text.split(/\r?\n/).map(async (line) => {
    const [, names] = /^\s*include(?:\s*=\s*|\s+)(.*)$/i.exec(line) ?? []
    if (names === undefined) return line
    const words = [...names.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
    const files = (await Promise.all(words.map((word) => findFiles(word, homeFolder)))).flat()
    const texts = files.map(
      async (file) => await includeSshConfigs(await readFile(file, 'utf8').catch(() => ''), homeFolder, depth + 1),
    )
    return (await Promise.all(texts)).join('\n')
  })
  return (await Promise.all(parts)).join('\n')
}

async function findFiles(word: string, homeFolder: string): Promise<string[]> {
  const home = expandSshTokens(word, { d: homeFolder }).replace(/^~(?=$|[/\\])/, () => homeFolder)
  const file = path.resolve(homeFolder, '.ssh', home)
  const [folder, pattern] = [path.dirname(file), path.basename(file)]
  if (!/[*?]/.test(pattern)) return [file]
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => !name.startsWith('.') && matchesWildcard(pattern, name))
    .sort()
    .map((name) => path.join(folder, name))
}
