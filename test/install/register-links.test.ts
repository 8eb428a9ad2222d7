import { mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { formatApplicationSteps, formatLinkScript } from '../../src/install/application-links.ts'
import { formatDesktopEntry } from '../../src/install/desktop-entry.ts'
import { findOwnPaths } from '../../src/install/format-launcher.ts'
import { formatMarkQuery, formatRegistration } from '../../src/install/registry-links.ts'
import { programPath, runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const top = await makeTempFolder()
const paths = { node: '/usr/bin/node', script: '/opt/kcap/dist/kcap.cjs' }

/** Makes a home, and returns a function that runs kcap there. */
async function makeHome() {
  const home = await mkdtemp(path.join(top, 'home-'))
  const environment = {
    HOME: home,
    PATH: '/nonexistent',
    XDG_DATA_HOME: path.join(home, 'data'),
    XDG_CONFIG_HOME: path.join(home, 'config'),
    XDG_CACHE_HOME: path.join(home, 'cache'),
    K9S_CONFIG_DIR: undefined,
  }
  const kcap = async (...argv: string[]) => {
    const { code, stdout, stderr } = await runKcap(argv, environment)
    return { code, stdout: stdout.toString(), stderr }
  }
  const listFiles = async () =>
    (await readdir(home, { recursive: true, withFileTypes: true }))
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.relative(home, path.join(entry.parentPath, entry.name)))
      // Node from 22.1 on keeps compiled code there.
      .filter((file) => !file.startsWith('cache/kcap/compiled/'))
      .sort()
  return { home, kcap, listFiles }
}

const entryFile = 'data/applications/kcap-open.desktop'
const defaultsFile = 'config/mimeapps.list'
const own = 'x-scheme-handler/kcap=kcap-open.desktop\nx-scheme-handler/kcaps=kcap-open.desktop\n'

describe('kcap install', () => {
  test('registers the links with the desktop, and uninstall leaves no file', async () => {
    const { home, kcap, listFiles } = await makeHome()
    const installed = await kcap('install')
    expect(installed).toMatchObject({ code: 0, stderr: '' })
    expect(installed.stdout).toContain(`kcap: registered for links kcap: and kcaps: ${home}/${entryFile}\n`)
    expect(await readFile(path.join(home, entryFile), 'utf8')).toBe(
      formatDesktopEntry({ node: process.execPath, script: programPath }),
    )
    expect(await readFile(path.join(home, defaultsFile), 'utf8')).toBe(`[Default Applications]\n${own}`)
    expect((await kcap('install')).stdout).toContain('kcap: already registered for links kcap: and kcaps: ')
    expect(await kcap('uninstall')).toMatchObject({ code: 0, stderr: '' })
    expect(await listFiles()).toEqual([])
  })

  test("keeps other people's lines in mimeapps.list byte for byte, and the link that the file is", async () => {
    const { home, kcap } = await makeHome()
    const before = '# mine\r\n[Default Applications]\r\ntext/html = a.desktop ;\n\n[Added Associations]\nx=y;'
    await mkdir(path.join(home, 'config'))
    await mkdir(path.join(home, 'dotfiles'))
    await writeFile(path.join(home, 'dotfiles', 'mimeapps.list'), before, { mode: 0o600 })
    await symlink('../dotfiles/mimeapps.list', path.join(home, defaultsFile))
    await kcap('install')
    const after = await readFile(path.join(home, 'dotfiles', 'mimeapps.list'), 'utf8')
    expect(after).toBe(before.replace('Applications]\r\n', `Applications]\r\n${own}`))
    await kcap('uninstall')
    expect(await readFile(path.join(home, 'dotfiles', 'mimeapps.list'), 'utf8')).toBe(before)
    expect(await readdir(path.join(home, 'config'))).toContain('mimeapps.list')
  })

  test('leaves links to another program that opens them, and a desktop entry that it did not write', async () => {
    const { home, kcap } = await makeHome()
    await mkdir(path.join(home, 'data', 'applications'), { recursive: true })
    await writeFile(path.join(home, entryFile), '[Desktop Entry]\nName=mine\n')
    const { code, stdout } = await kcap('install')
    expect(code).toBe(0)
    expect(stdout).toContain(`kcap: left out, for links: another program has ${home}/${entryFile}\n`)
    await kcap('uninstall')
    expect(await readFile(path.join(home, entryFile), 'utf8')).toBe('[Desktop Entry]\nName=mine\n')
  })

  test('works where the desktop entry cannot be written', async () => {
    const { home, kcap } = await makeHome()
    await writeFile(path.join(home, 'data'), '')
    const { code, stdout } = await kcap('install')
    expect(code).toBe(0)
    expect(stdout).toContain(`kcap: left out, for links: cannot install "${home}/${entryFile}": a part of its path`)
  })

  test('with --k9s adds the plugins to k9s only, and uninstall --k9s removes them', async () => {
    const { home, kcap, listFiles } = await makeHome()
    const file = path.join(home, 'config', 'k9s', 'plugins.yaml')
    const added = await kcap('install', '--k9s')
    expect(added).toMatchObject({ code: 0, stderr: '' })
    expect(added.stdout).toBe(
      `kcap: installed in ${file}: Shift-W on a pod, service or deployment shows its packets in Wireshark\n`,
    )
    expect(await listFiles()).toEqual(['config/k9s/plugins.yaml'])
    const { node, script } = { ...findOwnPaths(), script: programPath }
    const text = await readFile(file, 'utf8')
    expect(text).toContain(`command: '${node}'`)
    expect(text).toContain(`- '${script}'`)
    expect((await kcap('install', '--k9s')).stdout).toContain('kcap: already installed in ')
    await writeFile(file, text.replace('Shift-W', 'Shift-Q'))
    expect((await kcap('install', '--k9s')).stdout).toContain('kcap: updated in ')
    expect(await kcap('uninstall', '--k9s')).toMatchObject({ code: 0, stdout: `kcap: removed from ${file}\n` })
    expect(await listFiles()).toEqual([])
    expect((await kcap('uninstall', '--k9s')).stdout).toBe(`kcap: nothing of kcap's is in ${file}\n`)
  })

  test('with --k9s leaves a plugins.yaml alone that it does not understand, and names the line', async () => {
    const { home, kcap } = await makeHome()
    const file = path.join(home, 'config', 'k9s', 'plugins.yaml')
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, 'plugins:\n\ta: b\n')
    const { code, stderr } = await kcap('install', '--k9s')
    expect(code).toBe(1)
    expect(stderr).toContain(`kcap: error: cannot install the plugins in "${file}": line 2: `)
    expect(stderr).toContain('kcap:   hint: the file is unchanged\n')
    expect(await readFile(file, 'utf8')).toBe('plugins:\n\ta: b\n')
  })

  test('uninstall also removes the plugins of k9s', async () => {
    const { kcap, listFiles } = await makeHome()
    await kcap('install', '--k9s')
    expect((await kcap('uninstall')).stdout).toMatch(/^kcap: removed from .*plugins\.yaml$/m)
    expect(await listFiles()).toEqual([])
  })
})

describe('the desktop entry', () => {
  test('starts this kcap with the link as one argument after --', () => {
    expect(formatDesktopEntry(paths)).toContain(
      '\nExec=/usr/bin/node /opt/kcap/dist/kcap.cjs open --dialog -- %u\nNoDisplay=true\nTerminal=false\n',
    )
    expect(formatDesktopEntry(paths)).toContain('\nMimeType=x-scheme-handler/kcap;x-scheme-handler/kcaps;\n')
  })

  test('quotes a path that Exec would split or expand', () => {
    expect(formatDesktopEntry({ ...paths, script: '/home/a b/100%/$x"\\kcap.cjs' })).toContain(
      'Exec=/usr/bin/node "/home/a b/100%%/\\\\$x\\\\"\\\\\\\\kcap.cjs" open --dialog -- %u\n',
    )
  })
})

describe('on Windows, where these forms were not run,', () => {
  const windows = { node: 'C:\\Program Files\\kcap\\node.exe', script: 'C:\\Program Files\\kcap\\dist\\kcap.cjs' }

  test('reg.exe registers a scheme for this user, with the link after --', () => {
    const key = 'HKCU\\Software\\Classes\\kcap'
    expect(formatRegistration('kcap', windows)).toEqual([
      ['reg', 'add', key, '/ve', '/d', 'URL:kcap', '/f'],
      ['reg', 'add', key, '/v', 'WrittenBy', '/d', "written by 'kcap install'", '/f'],
      ['reg', 'add', key, '/v', 'URL Protocol', '/d', '', '/f'],
      [
        ...['reg', 'add', `${key}\\shell\\open\\command`, '/ve', '/d'],
        `"${windows.node}" "${windows.script}" open --dialog -- "%1"`,
        '/f',
      ],
    ])
    expect(formatMarkQuery('kcaps')).toEqual(['reg', 'query', 'HKCU\\Software\\Classes\\kcaps', '/v', 'WrittenBy'])
  })
})

describe('on macOS, where these forms were not run,', () => {
  test('the application starts kcap without a shell, and the link is one argument', () => {
    expect(formatLinkScript({ ...paths, node: '/opt/"x"/node' })).toBe(`use framework "Foundation"
use scripting additions
on open location theLink
  set theTask to current application's NSTask's alloc()'s init()
  theTask's setLaunchPath:"/opt/\\"x\\"/node"
  theTask's setArguments:{"/opt/kcap/dist/kcap.cjs", "open", "--dialog", "--", theLink}
  theTask's |launch|()
end open location
`)
  })

  test('the application is compiled, gets the two schemes, and is signed last', () => {
    const steps = formatApplicationSteps('/Users/ann/Applications/kcap.app', paths)
    expect(steps.map(([program]) => program)).toEqual(['osacompile', 'plutil', 'plutil', 'plutil', 'codesign'])
    expect(steps[2]).toEqual([
      ...['plutil', '-replace', 'CFBundleURLTypes', '-json'],
      '[{"CFBundleURLName":"kcap","CFBundleURLSchemes":["kcap","kcaps"]}]',
      '/Users/ann/Applications/kcap.app/Contents/Info.plist',
    ])
  })
})
