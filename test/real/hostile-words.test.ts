import { beforeAll, expect } from 'vitest'
import { runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { debugImage, expectNoCaptures, findPod, hasLab, lab, realTest } from './lab.ts'

let folder: string
let ways: Record<string, string[]> = {}
beforeAll(async () => {
  folder = await makeTempFolder()
  if (!hasLab) return
  const pod = `shop/${await findPod('orders')}`
  const ssh = ['--ssh-config', lab.sshConfig, '--ssh-host']
  ways = {
    exec: [pod, '--via', 'exec'],
    kubectl: [pod, '--via', 'kubectl'],
    'node-pod': [pod, '--via', 'node-pod', ...debugImage],
    ssh: [...ssh, 'node'],
    'ssh with sudo': [...ssh, 'node-cap', '--sudo', 'sudo'],
    'ssh pod': [pod, ...ssh, 'node'],
  }
})

const interfaceNames = ['$(kill,0)', '`id`', "';id;'", '"&&id"', '*', '-w', '{a,b}', '~root', '\\n', '%s%n', '|id']

realTest.each(['exec', 'kubectl', 'node-pod', 'ssh', 'ssh with sudo', 'ssh pod'])(
  'through %s an interface name is never anything but a name',
  async (way) => {
    // One run with everything that a shell would interpret, in one name, proves as much as eleven runs.
    const name = interfaceNames.filter((text) => !text.startsWith('-')).join('')
    const { code, stderr } = await runKcap(
      [...(ways[way] ?? []), '-i', name, '-o', `${folder}/out.pcapng`, '--force'],
      {
        KUBECONFIG: lab.kubeconfig,
      },
    )
    expect([code, stderr.split('\n')[0]]).toEqual([2, expect.stringContaining(`there is no interface "${name}"`)])
    await expectNoCaptures()
  },
)

realTest.each(interfaceNames.filter((name) => name.startsWith('-')))(
  'kcap refuses an interface called %s before it asks anything',
  async (name) => {
    const { code, stderr } = await runKcap([...(ways.exec ?? []), `--iface=${name}`, '-o', `${folder}/out.pcapng`])
    expect([code, stderr]).toEqual([2, expect.stringContaining(`cannot use --iface "${name}"`)])
  },
)

realTest.each(['tcp port 80; id', '$(id)', '`id`', "tcp' ; id ; '", 'host $(hostname)', 'tcp -w /tmp/owned'])(
  'no shell reads a filter such as %s',
  async (filter) => {
    const { code, stderr } = await runKcap([...(ways.exec ?? []), '--filter', filter, '-o', `${folder}/out.pcapng`], {
      KUBECONFIG: lab.kubeconfig,
    })
    expect([code, stderr.split('\n')[0]]).toEqual([2, expect.stringContaining('cannot use the capture filter')])
  },
)
