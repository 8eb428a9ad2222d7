import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { readLink } from '../../src/cli/read-link.ts'
import { openDemoFixture } from '../support/demo.ts'
import { hasPrograms } from '../support/has-program.ts'
import { runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { typeOnTerminal } from '../support/type-on-terminal.ts'

const folder = await makeTempFolder()
const demo = await openDemoFixture()
const kubeconfig = await demo.kubeconfig()
const context = 'kcap-demo'
const token = 'secret-token-0123456789'

const kcap = async (...argv: string[]) => {
  const { code, stdout, stderr } = await runKcap(argv, { KUBECONFIG: kubeconfig, DISPLAY: '', WAYLAND_DISPLAY: '' })
  return { code, stdout: stdout.toString(), stderr }
}

/** A Wireshark that keeps what it reads. */
async function makeWireshark(): Promise<string> {
  const bin = path.join(folder, 'bin')
  await mkdir(bin, { recursive: true })
  const text = `#!/bin/sh\nhead -c 3000 "$3" >'${folder}/packets'\nprintf '%s\\n' "$@" >'${folder}/argv'\n`
  await writeFile(path.join(bin, 'wireshark'), text, { mode: 0o755 })
  return `${bin}:/usr/bin:/bin`
}

describe('readLink', () => {
  test.each([
    [
      'kcap:arn:aws:eks:eu:1:cluster%2Fx/shop/svc/orders?port=80,443',
      'A link asks for the packets of:\n  service orders\n  namespace shop\n  context arn:aws:eks:eu:1:cluster/x\n  ports 80, 443\nCapture them, and show them in Wireshark?',
      ['--context', 'arn:aws:eks:eu:1:cluster/x', '-n', 'shop', 'svc/orders', '--port', '80', '--port', '443'],
    ],
    [
      'kcap:prod/node/worker-1',
      'A link asks for the packets of:\n  node worker-1\n  context prod\nCapture them, and show them in Wireshark?',
      ['--context', 'prod', 'node/worker-1'],
    ],
    [
      `kcaps://[::1]:7443/${token}#sha256:${'AB'.repeat(32)}`,
      'A link leads to the capture shared at [::1]:7443.\nShow it in Wireshark?',
      [`kcaps://[::1]:7443/${token}#sha256:${'ab'.repeat(32)}`],
    ],
  ])('turns %s into words and arguments', (url, question, argv) => {
    expect(readLink(url)).toMatchObject({ question, argv })
  })

  test('keeps the token of a broken link out of its error', () => {
    expect(() => readLink(`kcaps://host/${token}`)).toThrow(
      'cannot open the "kcaps:" link: it is no link to a shared capture',
    )
  })
})

describe('kcap open', () => {
  test("without a terminal and a dialog is 'consent-missing', and captures nothing", async () => {
    const before = demo.cluster.requests.length
    const { code, stdout, stderr } = await kcap('open', '--dialog', '--', `kcap:${context}/prod/orders-6c9f`)
    expect([code, stdout]).toEqual([5, ''])
    expect(stderr).toBe(
      'kcap: error: cannot open the link: there is neither a terminal nor a dialog to ask in\n' +
        "kcap:   hint: in a terminal: kcap open 'URL'\nkcap:   hint: on a desktop, install zenity or kdialog\n",
    )
    expect(demo.cluster.requests.length).toBe(before)
  })

  test('looks a context up in the own kubeconfig before it asks', async () => {
    const { code, stderr } = await kcap('open', '--', 'kcap:nowhere/prod/orders-6c9f')
    expect(code).toBe(3)
    expect(stderr).toContain('kcap: error: cannot use the context "nowhere": the kubeconfig has none of that name\n')
  })

  test.each([
    [['open'], 'cannot open a link: there must be one URL'],
    [['open', '--', 'kcap:a/b/c', '--via', 'ephemeral'], 'cannot open a link: there must be one URL'],
    [['open', '--via', 'ephemeral', 'kcap:a/b/c'], 'cannot run "kcap open" with --via: it takes no such option'],
    [['open', '-o', 'x', 'kcap:a/b/c'], 'cannot run "kcap open" with --output: it takes no such option'],
    [['open', '--', '--capture'], 'cannot open "--capture": it is no link to a target'],
    [['open', '--', '--extcap-interfaces'], 'cannot open "--extcap-interfaces": it is no link to a target'],
    [['open', '--', '--version'], 'cannot open "--version": it is no link to a target'],
    [['open', '--dialog', '--', 'kcap:a/b/c?via=x'], 'a link can set nothing but "port"'],
    [['open', '--', `kcaps://host/${token}`], 'it is no link to a shared capture'],
  ])('refuses %j', async (argv, message) => {
    const { code, stdout, stderr } = await kcap(...argv)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(stderr).not.toContain(token)
  })

  const terminalTest = hasPrograms('script') ? test : test.skip

  terminalTest('asks on the terminal; n captures nothing', async () => {
    const before = demo.cluster.requests.length
    const url = `kcap:${context}/prod/orders-6c9f?port=8080`
    const { code, shown, missed } = await typeOnTerminal(['open', url], { KUBECONFIG: kubeconfig }, [[/y\/N/, 'n']])
    expect([code, missed]).toEqual([0, 0])
    expect(shown.replace(/\s+/g, ' ')).toContain(
      'A link asks for the packets of: pod orders-6c9f namespace prod context kcap-demo port 8080 Capture',
    )
    expect(demo.cluster.requests.length).toBe(before)
  })

  terminalTest('asks on the terminal; y captures exactly what the link names, into Wireshark', async () => {
    const PATH = await makeWireshark()
    const url = `kcap:${context}/prod/orders-6c9f?port=8080`
    await typeOnTerminal(['open', url], { KUBECONFIG: kubeconfig, PATH, HOME: folder }, [[/y\/N/, 'y']])
    expect((await readFile(path.join(folder, 'argv'), 'utf8')).split('\n').slice(0, 2)).toEqual(['-k', '-i'])
    expect((await readFile(path.join(folder, 'packets'))).toString('latin1')).toContain(
      `kcap --context ${context} -n prod pod/orders-6c9f --port 8080 --wireshark`,
    )
  })
})

describe('kcap url', () => {
  test('names the context and the namespace that a target has here', async () => {
    expect(
      await kcap('url', 'svc/orders', 'prod/deploy/web', 'node/worker-1', '--port', '80, 443', '--port=https'),
    ).toEqual({
      code: 0,
      stdout: ['prod/svc/orders', 'prod/deploy/web', 'node/worker-1']
        .map((target) => `kcap:${context}/${target}?port=80,443,https\n`)
        .join(''),
      stderr: '',
    })
    expect((await kcap('url', 'orders-6c9f', '-n', 'staging')).stdout).toBe(`kcap:${context}/staging/orders-6c9f\n`)
    expect((await kcap('url', '--service', 'x', '-n', 'pods')).stdout).toBe(`kcap:${context}/pods/svc/x\n`)
    expect((await kcap('url', 'x', '-n', 'pods')).stdout).toBe(`kcap:${context}/pods/pod/x\n`)
  })

  test.each([
    [['url'], 'cannot print a link: no target is named'],
    [['url', 'prod/x-*'], 'cannot print a link to "the pods": a pattern or selector names any number of pods'],
    [['url', 'ssh://host'], 'cannot print a link to "ssh://host": it names a machine'],
    [['url', 'prod/x', '--via', 'ephemeral'], 'cannot run "kcap url" with --via: it takes no such option'],
    [['url', 'prod/x', '--protocol', 'udp'], 'cannot run "kcap url" with --protocol: it takes no such option'],
    [['url', 'prod/x', '--port', '99999'], 'cannot filter by port "99999"'],
    [['url', 'prod/x', '--context', 'nowhere'], 'cannot use the context "nowhere"'],
  ])('refuses %j', async (argv, message) => {
    const { stdout, stderr } = await kcap(...argv)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
  })

  test('is no typo of a pod named curl', async () => {
    expect((await kcap('curl', '--duration', '1', '-o', '-')).stderr).not.toContain('there is no such command')
  })
})
