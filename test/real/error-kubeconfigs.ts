import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { lab } from './lab.ts'

/** A context name as nobody should choose one, in a command line or in a terminal. */
export const hostileContext = 'a{b}c $(reboot) "x"'

/** Makes kubeconfigs that each keep kcap from the lab's cluster for a different reason, and one with a hostile context. */
export async function makeKubeconfigs(folder: string) {
  const admin = JSON.parse(
    execFileSync(lab.kubectl, ['config', 'view', '--kubeconfig', lab.kubeconfig, '--raw', '-o', 'json'], {
      encoding: 'utf8',
    }),
  ) as Kubeconfig
  const stranger = readFileSync(path.join(lab.sshFolder, '..', 'kubeconfig', 'multi.yaml'), 'utf8')
  const badAuthority = /name: badca\n.*certificate-authority-data: ([\w+/=]+)/.exec(stranger)?.[1] ?? ''
  const write = async (name: string, content: unknown) => {
    const file = path.join(folder, name)
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
    return file
  }
  const withUser = (user: object) => ({ ...admin, users: [{ name: admin.users[0]?.name ?? '', user }] })
  const plugin = (more: object) => withUser({ exec: { apiVersion: 'client.authentication.k8s.io/v1beta1', ...more } })
  const [context] = admin.contexts
  const [cluster] = admin.clusters
  const hostile = {
    ...admin,
    'current-context': hostileContext,
    contexts: [{ name: hostileContext, context: context?.context }],
  }
  await mkdir(path.join(folder, 'a folder'))
  return {
    missing: path.join(folder, 'no such file'),
    folder: path.join(folder, 'a folder'),
    broken: await write('broken', 'contexts: [\nclusters: {'),
    noContext: await write('no-context', { ...admin, 'current-context': undefined }),
    wrongToken: await write('wrong-token', withUser({ token: 'wrong-token' })),
    pluginMissing: await write(
      'plugin-missing',
      plugin({ command: 'kcap-no-such-plugin', installHint: 'brew install x' }),
    ),
    pluginAlways: await write('plugin-always', plugin({ command: '/bin/true', interactiveMode: 'Always' })),
    pluginEmpty: await write('plugin-empty', plugin({ command: '/bin/true', interactiveMode: 'Never' })),
    hostile: await write('hostile', hostile),
    hostileBadAuthority: await write('hostile-bad-authority', {
      ...hostile,
      clusters: [{ name: cluster?.name, cluster: { ...cluster?.cluster, 'certificate-authority-data': badAuthority } }],
    }),
  }
}

interface Kubeconfig {
  readonly users: readonly { name: string; user: object }[]
  readonly contexts: readonly { name: string; context: object }[]
  readonly clusters: readonly { name: string; cluster: object }[]
}
