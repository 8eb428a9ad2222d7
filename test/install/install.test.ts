import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findOwnPaths, formatLauncher, readLauncher } from '../../src/install/format-launcher.ts'
import { installLauncher, uninstallLauncher } from '../../src/install/install-launcher.ts'
import { failureOf } from '../support/failure.ts'
import { asOrdinaryUser } from '../support/ordinary-user.ts'
import { programPath, runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const top = await makeTempFolder()
let folder: string
beforeEach(async () => {
  folder = path.join(top, 'extcap')
  await rm(folder, { recursive: true, force: true })
})

async function kcap(argv: readonly string[], environment: Record<string, string> = {}) {
  const { code, stdout, stderr } = await runKcap(argv, environment)
  return { code, stdout: stdout.toString(), stderr }
}

describe('kcap install --folder', () => {
  test('writes a launcher that starts this very kcap, and uninstall removes it', async () => {
    const installed = await kcap(['install', '--folder', folder])
    expect(installed).toMatchObject({ code: 0, stderr: '' })
    expect(installed.stdout).toContain(`kcap: installed ${folder}/kcap\n`)
    expect(await readdir(folder)).toEqual(['kcap'])
    expect((await stat(path.join(folder, 'kcap'))).mode & 0o777).toBe(0o755)
    expect(readLauncher(await readFile(path.join(folder, 'kcap'), 'utf8'))).toEqual({
      node: process.execPath,
      script: programPath,
    })
    expect(await kcap(['uninstall', '--folder', folder])).toEqual({
      code: 0,
      stdout: `kcap: removed ${folder}/kcap\n`,
      stderr: '',
    })
    expect(await kcap(['uninstall', '--folder', folder])).toMatchObject({
      code: 0,
      stdout: `kcap: nothing of kcap's is in ${folder}\n`,
    })
  })

  test('over itself changes nothing; over a kcap of another place updates it', async () => {
    await kcap(['install', '--folder', folder])
    expect((await kcap(['install', '--folder', folder])).stdout).toContain(`kcap: already installed: ${folder}/kcap\n`)
    await installLauncher(folder, { node: '/old/node', script: '/old/kcap.js' })
    expect((await kcap(['install', '--folder', folder])).stdout).toContain(`kcap: updated ${folder}/kcap\n`)
    expect(await readFile(path.join(folder, 'kcap'), 'utf8')).not.toContain('/old')
  })

  test("over a foreign file of that name is 'install-failed', and keeps the file", async () => {
    await mkdir(folder)
    const file = path.join(folder, 'kcap')
    await writeFile(file, 'mine')
    const error = await failureOf(installLauncher(folder))
    expect([error.code, error.exitCode]).toEqual(['install-failed', 1])
    expect(error.message).toBe(`cannot install "${file}": a file of that name is there that kcap did not write`)
    expect(error.hints).toEqual([`ls -l ${file}`])
    expect(await uninstallLauncher(folder)).toBe(undefined)
    expect(await readFile(file, 'utf8')).toBe('mine')
    expect(await readdir(folder)).toEqual(['kcap'])
  })

  test('into a folder that cannot be made reports the reason', async () => {
    await writeFile(folder, '')
    const { code, stderr } = await kcap(['install', '--folder', path.join(folder, 'below')])
    expect(code).toBe(1)
    expect(stderr).toContain(`kcap: error: cannot install "${folder}/below/kcap": a part of its path is no folder`)
    expect(stderr).toContain('kcap:   hint: kcap install --folder DIR')
  })

  test("into another user's folder reports that, and leaves no draft", async () => {
    await mkdir(folder)
    await chmod(folder, 0o555)
    // This checkout may be in a folder that only root can read.
    const own = findOwnPaths()
    const error = await asOrdinaryUser(() => failureOf(installLauncher(folder, own)))
    expect(error.message).toBe(`cannot install "${path.join(folder, 'kcap')}": permission denied`)
    await chmod(folder, 0o755)
    expect(await readdir(folder)).toEqual([])
  })
})

describe('kcap install', () => {
  const fakeTshark = (version: string, extcapFolder: string) => `#!/bin/sh
case $1 in
  --version) echo 'TShark (Wireshark) ${version} (fake).' ;;
  -G) printf 'Temp:\\t/tmp\\nPersonal Extcap path:\\t%s\\n' '${extcapFolder}' ;;
esac
`
  const home = path.join(top, 'home')
  const told = path.join(top, 'told by tshark')
  const cache = path.join(home, 'cache', 'kcap')
  const standard = ['.config/wireshark/extcap', '.local/lib/wireshark/extcap'].map((name) =>
    path.join(home, name, 'kcap'),
  )
  let installed: Awaited<ReturnType<typeof kcap>>
  let removed: Awaited<ReturnType<typeof kcap>>
  // Once for all: a Wireshark of this machine is asked too, and takes a second to answer.
  beforeAll(async () => {
    const programs = {
      'one/tshark': fakeTshark('4.4.9', told),
      'without-tshark/wireshark': fakeTshark('4.6.0', '/unasked'),
      'none/tshark': '#!/bin/sh\nexit 3\n',
    }
    for (const [name, text] of Object.entries(programs)) {
      await mkdir(path.dirname(path.join(home, name)), { recursive: true })
      await writeFile(path.join(home, name), text, { mode: 0o755 })
    }
    const PATH = Object.keys(programs).map((name) => path.dirname(path.join(home, name)))
    const environment = {
      HOME: home,
      PATH: PATH.join(path.delimiter),
      XDG_CONFIG_HOME: path.join(home, '.config'),
      XDG_CACHE_HOME: path.dirname(cache),
    }
    installed = await kcap(['install'], environment)
    await mkdir(path.join(cache, 'names'), { recursive: true })
    removed = await kcap(['uninstall'], environment)
  }, 20_000)

  test('writes into the folders of all versions, so that an update of Wireshark keeps kcap', () => {
    expect([installed.code, installed.stderr]).toEqual([0, ''])
    for (const file of standard) expect(installed.stdout).toContain(`kcap: installed ${file}`)
  })

  test('asks a Wireshark for its folder, infers that of one without tshark from its version, and says so', () => {
    expect(installed.stdout).toContain(`kcap: installed ${told}/kcap, where Wireshark 4.4.9 looks\n`)
    expect(installed.stdout).toContain(`kcap: installed ${standard[1]}, where Wireshark 4.6.0 looks\n`)
  })

  test('is undone by uninstall, which also removes the caches of listings', async () => {
    const entry = path.join(home, '.local/share/applications/kcap-open.desktop')
    const lines = [`${told}/kcap`, ...standard, entry, cache].map((name) => `kcap: removed ${name}`)
    expect(removed.stdout.trimEnd().split('\n').toSorted()).toEqual(lines.toSorted())
    await expect(stat(cache)).rejects.toThrow('ENOENT')
  })
})

test('the launcher of Windows starts Node and kcap by absolute paths, whatever they contain', () => {
  const paths = { node: 'C:\\Program Files\\nodejs\\node.exe', script: 'C:\\100% kcap\\dist\\kcap.cjs' }
  const text = formatLauncher(paths, 'win32')
  expect(text.split('\r\n')).toEqual([
    '@echo off',
    "rem kcap for Wireshark, written by 'kcap install'; 'kcap uninstall' removes it.",
    '"C:\\Program Files\\nodejs\\node.exe" "C:\\100%% kcap\\dist\\kcap.cjs" %*',
    '',
  ])
  expect(readLauncher(text)).toEqual(paths)
  const cyrillic = { ...paths, script: 'C:\\Пользователь\\kcap.cjs' }
  expect(formatLauncher(cyrillic, 'win32')).toContain('\r\nchcp 65001 >nul\r\n')
  expect(readLauncher(formatLauncher(cyrillic, 'win32'))).toEqual(cyrillic)
  expect(readLauncher('#!/bin/sh\necho mine\n')).toBe(undefined)
})
