import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { askLoginFolders } from '../../src/host/login-path.ts'
import { formatLauncher, readLauncher } from '../../src/install/format-launcher.ts'
import { openDemoFixture } from '../support/demo.ts'
import { runKcap } from '../support/run-kcap.ts'
import { distinctShells as shells } from '../support/shells.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const home = await makeTempFolder()
const odd = path.join(home, `it's "odd" $HOME ü`)
const tools = path.join(home, 'tools')
beforeAll(() => {
  for (const folder of [odd, tools]) mkdirSync(folder)
  const quoted = odd.replaceAll("'", "'\\''")
  writeFileSync(
    path.join(home, '.profile'),
    `echo welcome\necho careful >&2\nPATH=$PATH:'${quoted}':${tools}:relative:${tools}\nexport PATH\n`,
  )
})

describe.each(['/bin/bash', '/bin/dash'])('the login PATH of a terminal with %s', (shell) => {
  test('has folders that a desktop lacks, whatever its profile prints', async () => {
    const folders = await askLoginFolders({ ...process.env, PATH: '/usr/bin:/bin', HOME: home, SHELL: shell })
    // An ordinary user gets more from /etc/profile.
    expect(folders.slice(-2)).toEqual([odd, tools])
  })
})

test('a shell that prints no PATH, or does not exist, adds no folder to PATH', async () => {
  for (const shell of ['/bin/false', '/nonexistent/sh', 'sh', undefined])
    expect(await askLoginFolders({ ...process.env, HOME: home, SHELL: shell })).toEqual([])
})

describe.each(shells)('the launcher in %s %s', (...words) => {
  const [command = '', ...options] = words.filter((word) => word !== undefined)

  test.each([['/usr/bin:/bin'], [undefined]])('with PATH %s also searches the login PATH, after PATH', (PATH) => {
    const script = path.join(home, 'program.cjs')
    writeFileSync(script, 'console.log(process.env.PATH)')
    writeFileSync(path.join(home, 'launcher.sh'), 'exec "$node" "$program" "$@"\n')
    const launcher = path.join(home, 'kcap')
    const paths = { node: process.execPath, script, folders: [odd, tools] }
    writeFileSync(launcher, formatLauncher(paths, 'linux'))
    expect(readLauncher(formatLauncher(paths, 'linux'))).toEqual(paths)
    const env = { ...(PATH !== undefined && { PATH }) }
    const shell = execFileSync('which', [command], { encoding: 'utf8' }).trim()
    const { stdout } = { stdout: execFileSync(shell, [...options, launcher], { env, encoding: 'utf8' }) }
    expect(stdout).toMatch(/^(\/usr\/\w+:|\/s?bin:|:)*/)
    expect(stdout.trim().endsWith(`:${odd}:${tools}`)).toBe(true)
    expect(stdout.split(':').slice(0, 2)).not.toContain('')
  })
})

describe('kcap doctor', () => {
  test('misses a credential plugin that a desktop does not find, until kcap install has read the login PATH', {
    timeout: 60_000,
  }, async () => {
    const demo = await openDemoFixture()
    const plain = demo.cluster.kubeconfig()
    const user = 'exec: { apiVersion: client.authentication.k8s.io/v1, command: vendor-login }'
    const kubeconfig = path.join(home, 'kubeconfig')
    writeFileSync(kubeconfig, plain.replace(/token: "[^"]+"/, user))
    writeFileSync(path.join(tools, 'vendor-login'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    const environment = {
      KUBECONFIG: kubeconfig,
      HOME: home,
      SHELL: '/bin/dash',
      XDG_CONFIG_HOME: path.join(home, 'c'),
    }
    const logins = async () =>
      (await runKcap(['doctor'], environment)).stdout
        .toString()
        .split('\n')
        .filter((line) => line.includes('vendor-login (') || line.includes('hint: kcap install'))
    const missing = ['!!  logins     vendor-login (kcap-demo) is not found', '             hint: kcap install']
    expect(await logins()).toEqual(expect.arrayContaining(missing))
    expect((await runKcap(['install'], environment)).code).toBe(0)
    expect(await logins()).toContain(`ok  logins     vendor-login (kcap-demo) is ${tools}/vendor-login`)
  })
})
