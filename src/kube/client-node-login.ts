import type { Agent } from 'node:http'
import type { RequestOptions } from 'node:https'
import { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import { newClusters, newUsers } from '@kubernetes/client-node/dist/config_types.js'
import { KcapError } from '../base/kcap-error.ts'
import type { ClusterEntry, UserEntry } from './kubeconfig-entries.ts'

/** Proxies (`proxy-url`) and `auth-provider` logins, as client-node does them. */
export async function openWithClientNode(entry: {
  context: string
  cluster: ClusterEntry
  user: UserEntry
}): Promise<{ agent: Agent; headers: Record<string, string> }> {
  const config = new KubeConfig()
  config.loadFromOptions({
    clusters: newClusters([{ name: 'cluster', cluster: entry.cluster }]),
    users: newUsers([{ name: 'user', user: entry.user }]),
    contexts: [{ name: 'context', cluster: 'cluster', user: 'user' }],
    currentContext: 'context',
  })
  const options: RequestOptions = {}
  try {
    await config.applyToHTTPSOptions(options)
  } catch (error) {
    const how = entry.user['auth-provider']?.name ?? entry.cluster['proxy-url'] ?? ''
    throw new KcapError(
      'credential-plugin-failed',
      `cannot log in to the context "${entry.context}" with "${how}": ${(error as Error).message}`,
      {
        hints: ['see whether kubectl can log in: kubectl get pods'],
        cause: error,
      },
    )
  }
  const headers = Object.fromEntries(
    Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value)]),
  )
  if (options.auth) headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`
  return { agent: options.agent as Agent, headers }
}
