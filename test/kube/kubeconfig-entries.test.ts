import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loadKubeconfig } from '../../src/kube/kubeconfig.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

test('values of another kind than they should be count as missing', async () => {
  const file = path.join(await makeTempFolder(), 'config')
  writeFileSync(file, 'users: [{ name: u, user: { client-key-data: {}, token: t, exec: { args: [[]], env: x } } }]')
  expect(loadKubeconfig({ paths: [file] }).users.get('u')).toEqual({ token: 't', exec: { args: [] } })
})
