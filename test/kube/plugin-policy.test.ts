import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { findPluginRefusal } from '../../src/kube/plugin-policy.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const kuberc = path.join(await makeTempFolder(), 'kuberc')

/** Asks for the plugin `/opt/bin/login` where kubectl's preferences have these lines. */
async function ask(...lines: readonly string[]) {
  await writeFile(kuberc, ['apiVersion: kubectl.config.k8s.io/v1beta1', 'kind: Preference', ...lines].join('\n'))
  const refusal = await findPluginRefusal('login', '/opt/bin/login', { KUBERC: kuberc, PATH: '/nonexistent' })
  return refusal?.replace(`kubectl's preferences "${kuberc}" `, '')
}

test.each([[[]], [['credentialPluginPolicy: AllowAll']]])('preferences with %j allow every plugin', async (lines) => {
  expect(await ask(...lines)).toBeUndefined()
})

test('DenyAll allows no plugin', async () => {
  expect(await ask('credentialPluginPolicy: DenyAll')).toBe('allow no credential plugin')
})

test.each([
  ['login', undefined],
  ['/opt/bin/login', undefined],
  ['/opt/login', 'do not allow it'],
  ['/opt/../bin/login', 'have an allowlist with a path that is not normalized'],
])('an allowlist with "%s" answers for /opt/bin/login: %s', async (command, refusal) => {
  expect(await ask('credentialPluginPolicy: Allowlist', `credentialPluginAllowlist: [{ command: ${command} }]`)).toBe(
    refusal,
  )
})

test.each([
  [['credentialPluginPolicy: Sometimes'], 'have an unknown policy for credential plugins'],
  [['credentialPluginPolicy: Allowlist'], 'have an empty allowlist of credential plugins'],
  [
    ['credentialPluginAllowlist: [{ command: login }]'],
    'have an allowlist of credential plugins without the policy Allowlist',
  ],
])('preferences with %j refuse every plugin: they %s', async (lines, refusal) => {
  expect(await ask(...lines)).toBe(refusal)
})

test('preferences count when they are named or exist, unless they are switched off', async () => {
  const find = (environment: NodeJS.ProcessEnv) => findPluginRefusal('login', '/opt/bin/login', environment)
  expect(await find({ HOME: '/nonexistent' })).toBeUndefined()
  expect(await find({ KUBERC: '/nonexistent/kuberc' })).toMatch(/can't be read: ENOENT/)
  await ask('credentialPluginPolicy: DenyAll')
  expect(await find({ KUBERC: kuberc })).toMatch(/allow no credential plugin$/)
  expect(await find({ KUBERC: kuberc, KUBECTL_KUBERC: 'false' })).toBeUndefined()
})
