import { execFile, spawn } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect } from 'vitest'
import { programPath, runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { capinfos, expectNoCaptures, findPod, hasLab, lab, realTest, tshark } from './lab.ts'

const run = promisify(execFile)
const environment = { KUBECONFIG: lab.kubeconfig }
let folder: string
let orders: string
beforeAll(async () => {
  folder = await makeTempFolder()
  if (hasLab) orders = await findPod('orders')
})

const ssh = () => ['--ssh-config', lab.sshConfig, '--ssh-user', 'root', '--ssh-host', 'node']

async function expectCaptured(
  argv: readonly string[],
  file: string,
  wanted: { filter: string; name: string; comment: string },
) {
  const { code, stdout, stderr } = await runKcap(argv, environment)
  expect([code, stdout.toString()], stderr).toEqual([0, ''])
  const all = (await tshark(file, '-T', 'fields', '-e', 'frame.number')).split('\n').length - 1
  expect(all).toBeGreaterThan(5)
  expect((await tshark(file, '-Y', `not (${wanted.filter})`)).trim()).toBe('')
  if (!file.endsWith('.pcapng')) return
  const info = await capinfos(file)
  expect(info).toContain(`Name = ${wanted.name} any`)
  expect(info).toMatch(/Filter string = .*port|BPF filter/)
  expect(info).toMatch(/Capture comment: +captured by \S+ from/)
  expect(info).toContain(wanted.comment)
  const statistics = await run('tshark', ['-r', file, '-q', '-z', 'io,stat,0'])
  expect(statistics.stdout).toContain('Frames')
}

realTest('kcap --ssh-user root --ssh-host … --port … --protocol tcp --output https.pcap', async () => {
  const file = path.join(folder, 'https.pcap')
  await expectCaptured([...ssh(), '--port', '18080', '--protocol', 'tcp', '--output', file, '--duration', '3'], file, {
    filter: 'tcp.port == 18080',
    name: '',
    comment: '',
  })
  expect(await capinfos(file)).toMatch(/File type: +Wireshark\/tcpdump\/... - nanosecond (libpcap|pcap)/i)
})

realTest('kcap --namespace … --pod … --port 8080 --output orders.pcap', async () => {
  const file = path.join(folder, 'orders.pcap')
  await expectCaptured(
    ['--namespace', 'shop', '--pod', orders, '--port', '8080', '--output', file, '--duration', '3'],
    file,
    { filter: 'tcp.port == 8080', name: '', comment: '' },
  )
})

realTest('kcap --namespace … --pod … --container api --port 8080 --output orders.pcapng', async () => {
  const file = path.join(folder, 'orders.pcapng')
  await expectCaptured(
    [
      '--namespace',
      'shop',
      '--pod',
      orders,
      '--container',
      'api',
      '--port',
      '8080',
      '--output',
      file,
      '--duration',
      '3',
    ],
    file,
    {
      filter: 'tcp.port == 8080',
      name: `shop/${orders}`,
      comment: '--container api --port 8080',
    },
  )
})

realTest('kcap --ssh-host … --port … --protocol tcp --format pcapng --duration 3', async () => {
  const { code, stderr } = await new Promise<{ code: number | null; stderr: string }>((resolve) => {
    const child = spawn(
      process.execPath,
      [programPath, ...ssh(), '--port', '18080', '--protocol', 'tcp', '--format', 'pcapng', '--duration', '3'],
      { cwd: folder },
    )
    let stderr = ''
    child.stderr.on('data', (chunk) => (stderr += chunk))
    child.on('close', (code) => resolve({ code, stderr }))
  })
  expect(code, stderr).toBe(0)
  const name = /capture-\d{8}-\d{6}\.pcapng/.exec(stderr)?.[0] ?? ''
  expect(stderr).toContain(`kcap: open with: wireshark ${name}`)
  const info = await capinfos(path.join(folder, name))
  expect(info).toContain('Name = ssh://root@node any')
  expect(info).toContain('Time precision = nanoseconds')
})

realTest('kcap NS/POD -o - | tshark -i - sees packets live', async () => {
  const command = `"$NODE" "$KCAP" shop/${orders} -o - -q | tshark -n -i - -c 20 -w ${folder}/piped.pcapng`
  await run('sh', ['-c', command], {
    env: { ...process.env, ...environment, NODE: process.execPath, KCAP: programPath },
  })
  expect((await tshark(path.join(folder, 'piped.pcapng'))).trim().split('\n').length).toBe(20)
})

realTest('kcap svc/orders -n shop captures all pods behind the service at once', async () => {
  const file = path.join(folder, 'service.pcapng')
  const { code, stderr } = await runKcap(['svc/orders', '-n', 'shop', '--duration', '4', '-o', file], environment)
  expect(code, stderr).toBe(0)
  expect(await capinfos(file)).toContain('Number of interfaces in file: 2')
  expect(new Set((await tshark(file, '-T', 'fields', '-e', 'frame.interface_name')).trim().split('\n')).size).toBe(2)
})

realTest('kcap-extcap --extcap-interfaces lists the running pods', async () => {
  const { code, stdout, stderr } = await runKcap(['--extcap-interfaces', '--extcap-version=4.0'], environment)
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout.toString()).toContain(`interface {value=kcap-lab.shop.${orders}}{display=kcap: shop/${orders}}\n`)
})

realTest.each([
  ['--extcap-interface', () => ['--extcap-interface', `kcap-lab.shop.${orders}`]],
  ['--namespace and --pod', () => ['--namespace', 'shop', '--pod', orders]],
])('kcap-extcap --capture --fifo out.pcap with %s writes a file, silently', async (name, words) => {
  const file = path.join(folder, `out-${name}.pcap`)
  const { code, stdout, stderr } = await runKcap(
    ['--capture', ...words(), '--fifo', file, '--count', '15'],
    environment,
  )
  expect([code, stdout.toString(), stderr]).toEqual([0, '', ''])
  expect((await tshark(file)).trim().split('\n').length).toBe(15)
})

realTest('after all captures nothing runs on the remote side', async () => {
  await expectNoCaptures(3_000)
})
