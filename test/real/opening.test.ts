import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { load } from 'js-yaml'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openDemoFixture } from '../support/demo.ts'
import { hasPrograms } from '../support/has-program.ts'
import { type LinkDesktop, openLinkDesktop } from './link-desktop.ts'

const programs = ['Xvfb', 'openbox', 'xdotool', 'import', 'zenity', 'xdg-open', 'xdg-mime', 'desktop-file-validate']
const missing = programs.filter((name) => !hasPrograms(name))
if (missing.length > 0) console.log(`tests of links need: ${missing.join(', ')}`)
const canRun = missing.length === 0 && process.getuid?.() === 0
const linkTest = canRun || process.env.KCAP_REQUIRE_REAL === '1' ? test : test.skip

const demo = await openDemoFixture()
const context = 'kcap-demo'
const link = `kcap:${context}/prod/svc/orders?port=8080`

let desktop: LinkDesktop
beforeAll(async () => {
  if (!canRun) return
  desktop = await openLinkDesktop(readFileSync(await demo.kubeconfig(), 'utf8'))
  desktop.run(process.execPath, desktop.kcapPath, 'install')
})
afterAll(async () => await desktop?.close())

/** Opens a link as a click does, and returns what ends with it. */
function click(url: string, opener: readonly string[] = ['xdg-open']) {
  const child = desktop.start(...opener, url)
  return new Promise<number | null>((resolve) => child.once('exit', resolve))
}

const browserArguments = () => existsSync(path.join(desktop.home, 'browser-argv'))

linkTest('kcap install makes a desktop entry that the desktop accepts and finds for both schemes', () => {
  const entry = path.join(desktop.home, '.local/share/applications/kcap-open.desktop')
  expect(desktop.run('desktop-file-validate', entry)).toBe('')
  for (const scheme of ['kcap', 'kcaps'])
    expect(desktop.run('xdg-mime', 'query', 'default', `x-scheme-handler/${scheme}`)).toBe('kcap-open.desktop\n')
})

linkTest('a click opens a confirmation that names the target, and Cancel starts nothing', async () => {
  const before = demo.cluster.requests.length
  const ended = click(link)
  await desktop.waitForDialog()
  desktop.takeScreenshot('link-confirmation.png')
  expect(desktop.processes()).toEqual([[process.execPath, desktop.kcapPath, 'open', '--dialog', '--', link]])
  // Cancel has the focus.
  desktop.press('Return')
  expect(await ended).toBe(0)
  expect(desktop.wiresharks()).toEqual([])
  expect(demo.cluster.requests.length).toBe(before)
  expect(browserArguments()).toBe(false)
})

linkTest('a closed confirmation starts nothing', async () => {
  const before = demo.cluster.requests.length
  const ended = click(link)
  await desktop.waitForDialog()
  desktop.press('Escape')
  expect(await ended).toBe(0)
  expect([desktop.wiresharks(), demo.cluster.requests.length]).toEqual([[], before])
})

linkTest('a confirmed click captures exactly what the link names, into Wireshark', async () => {
  const ended = click(link)
  await desktop.waitForDialog()
  desktop.press('Right')
  desktop.press('Return')
  await vi.waitUntil(() => desktop.wiresharks().length > 0, 20_000)
  expect(await ended).toBe(0)
  expect(desktop.wiresharks()).toEqual([
    expect.stringMatching(/^-k -i service orders in namespace prod of context kcap-demo -o nameres/),
  ])
  expect(readFileSync(path.join(desktop.home, 'packets'), 'latin1')).toContain(
    `kcap --context ${context} -n prod svc/orders --port 8080 --wireshark`,
  )
})

linkTest('an unknown context is an error in a dialog, and starts nothing', async () => {
  const ended = click('kcap:nowhere/prod/svc/orders')
  await desktop.waitForDialog()
  desktop.takeScreenshot('link-error.png')
  desktop.press('Return')
  expect(await ended).toBe(0)
  expect(desktop.wiresharks().length).toBe(1)
  expect(browserArguments()).toBe(false)
})

linkTest('a click on a shared capture names its host and port, and not its token', async () => {
  const token = 'secret-token-0123456789'
  const ended = click(`kcaps://127.0.0.1:7443/${token}#sha256:${'ab'.repeat(32)}`)
  await desktop.waitForDialog()
  desktop.takeScreenshot('link-shared.png')
  const zenity = desktop.run('ps', '-ww', '-C', 'zenity', '-o', 'args=')
  expect(zenity).toContain('A link leads to the capture shared at 127.0.0.1:7443.')
  expect(zenity).not.toContain(token)
  desktop.press('Escape')
  expect(await ended).toBe(0)
})

const hostileLinks = [
  `kcap:${context}/prod/svc/orders?via=ephemeral`,
  `kcap:${context}/prod/svc/orders?port=80&output=x`,
  `kcap:${context}/prod/svc/orders --via ephemeral`,
  `kcap:${context}/prod/$(touch pwned)`,
  `kcap:${context}/prod/\`touch pwned\``,
  `kcap:${context}/prod/orders;touch pwned`,
  `kcap:${context}/prod/orders%0A--output=pwned`,
  `kcap:${context}/prod/orders\n--output=pwned`,
  `kcap:${context}/prod/orders%00`,
  `kcap:--output=pwned/prod/orders`,
  `kcap:${context}%E2%80%AE/prod/orders`,
  `kcap:${context}/prod/"orders" "--capture" "--fifo" "pwned"`,
  `kcap:${'a'.repeat(10_000)}/prod/orders`,
].map((url) => [url.slice(0, 80), url] as const)

linkTest.each(hostileLinks)('the hostile link %j ends in an error dialog, and reaches nothing', async (_name, url) => {
  const before = demo.cluster.requests.length
  const ended = click(url)
  await desktop.waitForDialog()
  desktop.press('Return')
  expect(await ended).toBe(0)
  expect(desktop.wiresharks().length).toBe(1)
  expect(demo.cluster.requests.length).toBe(before)
  expect(existsSync(path.join(desktop.home, 'pwned'))).toBe(false)
  expect(browserArguments()).toBe(false)
})

/** Starts a plugin as k9s does: without a shell, with the variables replaced. */
function startPlugin(name: string, variables: Readonly<Record<string, string>>) {
  const file = path.join(desktop.home, '.config/k9s/plugins.yaml')
  const { plugins } = load(readFileSync(file, 'utf8')) as {
    plugins: Record<string, { command: string; args: string[] }>
  }
  const { command = '', args = [] } = plugins[name] ?? {}
  return desktop.start(command, ...args.map((word) => word.replace(/\$(\w+)/g, (_word, key) => variables[key] ?? '')))
}

linkTest('the plugin of k9s shows the selected service in Wireshark, and an error in a dialog', async () => {
  desktop.run(process.execPath, desktop.kcapPath, 'install', '--k9s')
  const before = desktop.wiresharks().length
  const scope = { CONTEXT: context, NAMESPACE: 'prod' }
  startPlugin('kcap-service', { ...scope, NAME: 'orders' })
  await vi.waitUntil(() => desktop.wiresharks().length > before, 20_000)
  expect(desktop.wiresharks().at(-1)).toMatch(/^-k -i service orders in namespace prod of context kcap-demo /)
  startPlugin('kcap-pod', { ...scope, NAME: 'gone' })
  await desktop.waitForDialog()
  desktop.takeScreenshot('k9s-error.png')
  desktop.press('Return')
})

linkTest('kcap uninstall removes the registration', () => {
  desktop.run(process.execPath, desktop.kcapPath, 'uninstall')
  expect(desktop.run('xdg-mime', 'query', 'default', 'x-scheme-handler/kcap').trim()).toBe('')
  expect(existsSync(path.join(desktop.home, '.config/mimeapps.list'))).toBe(false)
})
