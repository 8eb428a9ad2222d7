import path from 'node:path'
import { beforeAll, expect } from 'vitest'
import { runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { expectNoCaptures, findPod, kubectl, lab, realTest, tshark } from './lab.ts'

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

const environment = { KUBECONFIG: lab.kubeconfig }
/** Not a static one: it runs where the libraries of the same system are. */
const tcpdump = ['--upload-tcpdump', '/usr/bin/tcpdump', '--via', 'exec']

realTest('a tcpdump of this machine captures in a container, and is gone afterwards', async () => {
  const pod = await findPod('orders')
  const file = path.join(folder, 'uploaded.pcapng')
  const { code, stderr } = await runKcap([`shop/${pod}`, ...tcpdump, '--count', '20', '-v', '-o', file], environment)
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(/: (\/\w+)+\/kcap-tcpdump-[0-9a-f]{8} -i any /)
  expect((await tshark(file)).trim().split('\n').length).toBe(20)
  await expectNoCaptures()
  const list = ['sh', '-c', 'for file in /tmp/* /var/tmp/* /dev/shm/* /run/*; do echo "$file"; done']
  const left = await kubectl('exec', '-n', 'shop', pod, '-c', 'api', '--', ...list)
  expect(left.split('\n').filter((name) => name.includes('kcap-'))).toEqual([])
})

realTest('a container that can not take it is told at once, and gets nothing', async () => {
  const { code, stderr } = await runKcap(['shop/no-tcpdump', ...tcpdump], environment)
  expect(code).toBe(6)
  expect(stderr).toContain('cannot put "/usr/bin/tcpdump" into "shop/no-tcpdump": there is no "head"')
})
