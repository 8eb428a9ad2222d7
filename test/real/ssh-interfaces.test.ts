import { expect } from 'vitest'
import { runKcap } from '../support/run-kcap.ts'
import { lab, realTest } from './lab.ts'

const reload = async (...argv: string[]) => {
  const question = ['--extcap-interface', 'kcapssh', '--extcap-reload-option', 'iface']
  const { code, stdout, stderr } = await runKcap([...question, '--ssh-config', lab.sshConfig, ...argv])
  expect([code, stderr]).toEqual([0, ''])
  return [...stdout.toString().matchAll(/\{display=([^}]*)\}/g)].map(([, text]) => text)
}

realTest("the dialog of a host lists the host's interfaces", async () => {
  const listed = await reload('--ssh-host', 'node')
  expect(listed[0]).toBe('any')
  expect(listed).toEqual(expect.arrayContaining(['eth0', 'lo', 'cni0']))
})

realTest('the dialog of a host lists its interfaces with a typed password', async () => {
  expect(await reload('--ssh-host', 'node-cap-pw', '--ssh-password', 'lab-cap-pw')).toContain('lo')
  expect(await reload('--ssh-host', 'node-cap-pw')).toEqual([
    'cannot log in to "ssh://cap@127.0.0.1:2222": the host refused every login',
  ])
})
