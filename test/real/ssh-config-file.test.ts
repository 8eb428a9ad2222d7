import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect } from 'vitest'
import { parseSshAnswer, readSshConfigFile, type SshSettings } from '../../src/ssh/config/read-ssh-config.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { sshdTest } from './own-sshd-test.ts'

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

sshdTest.each([
  `ProxyCommand sh -c 'exec nc "%h"  %p' # x`,
  'ProxyCommand="nc" %h',
  String.raw`ProxyCommand = nc  "%h" \"x\" \\`,
  `ProxyCommand nc "a  b" 'c'`,
  '  proxycommand\tnc %h  \t',
  'ProxyCommand "nc %h %p"',
  'PROXYCOMMAND ==nc #%h',
  'ProxyCommand none',
  'ProxyCommand a=b nc %%h ä€ 😀',
  'Host c\n  ProxyCommand first\nHost b\n  ProxyCommand second "x y"\nHost *\n  ProxyCommand third',
  'SetEnv A=1 B="x  y=z" C=\nSetEnv D=4\nSendEnv E F*',
  `KnownHostsCommand /usr/bin/know "%H"  '%t'`,
])('without an ssh program kcap reads a setting of the config as ssh -G does: %j', async (text) => {
  const configPath = path.join(folder, 'config')
  writeFileSync(configPath, `${text}\n`)
  const answer = execFileSync('ssh', ['-G', '-F', configPath, 'b'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const question = { host: 'b', configPath, homeFolder: folder, environment: {}, signal: AbortSignal.timeout(10_000) }
  const own = await readSshConfigFile(question)
  const wanted = parseSshAnswer(answer)
  const valuesOf = (settings: SshSettings, keyword: string) =>
    (settings.get(keyword) ?? []).filter((one) => one !== 'none')
  for (const keyword of ['proxycommand', 'knownhostscommand', 'setenv', 'sendenv'])
    expect(valuesOf(own, keyword)).toEqual(valuesOf(wanted, keyword))
})
