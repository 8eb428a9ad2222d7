import { lacksImpersonatedUser } from './impersonation.ts'
import type { ClusterEntry, CredentialPluginEntry, UserEntry } from './kubeconfig-entries.ts'
import type { ServerAddress } from './server-address.ts'

/**
 * Returns what is wrong with the entries of a context by client-go's rules (tools/clientcmd/validation.go, rest/transport.go); undefined when nothing
 * is. An `http://` server gets no credentials, and most rules for them do not apply.
 */
export function findLoginFault(cluster: ClusterEntry, user: UserEntry, server: ServerAddress): string | undefined {
  const isSecure = server.url.protocol === 'https:'
  return (
    findClusterFault(cluster, isSecure) ??
    findUserFault(user) ??
    (user.exec === undefined ? undefined : findPluginFault(user.exec, isSecure)) ??
    (isSecure ? findMissingCredentials(user, server) : undefined)
  )
}

function findClusterFault(cluster: ClusterEntry, isSecure: boolean): string | undefined {
  const { 'certificate-authority': file, 'certificate-authority-data': data } = cluster
  if (file && data) return 'its cluster has both certificate-authority and certificate-authority-data'
  if (isSecure && (file || data) && cluster['insecure-skip-tls-verify'])
    return 'its cluster has a certificate authority and insecure-skip-tls-verify, which together make no sense'
  return undefined
}

function findUserFault(user: UserEntry): string | undefined {
  const has = (key: keyof UserEntry) => Boolean(user[key])
  if (lacksImpersonatedUser(user)) return 'its user has as-uid, as-groups or as-user-extra without "as"'
  if (has('token') && (has('username') || has('password')))
    return 'its user has both a token and a user name or password'
  if (has('client-certificate') || has('client-certificate-data')) {
    for (const kind of ['client-certificate', 'client-key'] as const)
      if (has(kind) && has(`${kind}-data`)) return `its user has both ${kind} and ${kind}-data`
    if (!has('client-key') && !has('client-key-data')) return 'its user has a client certificate without a key'
  }
  if (user.exec !== undefined && user['auth-provider'] !== undefined)
    return 'its user has both an exec plugin and an auth-provider'
  return undefined
}

const apiVersions = ['v1', 'v1beta1'].map((version) => `client.authentication.k8s.io/${version}`)
const interactiveModes = ['Never', 'IfAvailable', 'Always']

function findPluginFault(plugin: CredentialPluginEntry, isSecure: boolean): string | undefined {
  const { apiVersion, command, env = [] } = plugin
  if (!command) return 'its exec plugin has no command'
  if (!apiVersion) return 'its exec plugin has no apiVersion'
  if (env.some(({ name }) => !name)) return 'its exec plugin has a variable without a name'
  const mode = interactiveModeOf(plugin)
  if (mode === undefined) return 'its exec plugin has no interactiveMode'
  if (!interactiveModes.includes(mode)) return `its exec plugin has the unknown interactiveMode "${mode}"`
  if (isSecure && !apiVersions.includes(apiVersion)) return `its exec plugin has the unknown apiVersion "${apiVersion}"`
  return undefined
}

/** Returns the interactiveMode of a plugin; undefined when it is missing. Only v1 requires it to be written down. */
export function interactiveModeOf({ interactiveMode, apiVersion }: CredentialPluginEntry): string | undefined {
  if (interactiveMode) return interactiveMode
  return /\/v1(alpha|beta)1$/.test(apiVersion ?? '') ? 'IfAvailable' : undefined
}

/** Reports missing credentials, for which kubectl would prompt. */
function findMissingCredentials(user: UserEntry, { userInfo }: ServerAddress): string | undefined {
  const { username, token, tokenFile, exec } = user
  const certificate = user['client-certificate'] || user['client-certificate-data']
  if (username || token || tokenFile || certificate || exec || user['auth-provider']) return undefined
  return userInfo === undefined
    ? 'it has no user with credentials'
    : 'it has no user with credentials, only those in the URL of its server'
}
