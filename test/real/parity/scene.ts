import type { ApiServers } from '../../support/api-servers.ts'
import { openApiServers } from '../../support/api-servers.ts'
import { base64, type Certificates, makeCertificates } from '../../support/certificates.ts'
import { openProxies, type Proxies, type ProxyKind } from '../../support/proxies.ts'

/** Files and programs that a kubeconfig of the rows can name. */
export interface Scene {
  readonly certificates: Certificates
  readonly servers: ApiServers
  readonly proxies: Proxies
  /** URLs of the API servers; `named` is a name that only the proxies know. */
  readonly https: string
  readonly http: string
  readonly named: string
  readonly namedHttp: string
  /** Fields of a cluster that trusts the root. */
  readonly ca: { readonly 'certificate-authority-data': string }
  readonly clientCertificate: object
  /** URL of a proxy, with `USER:PASSWORD@` before its address if wanted. */
  proxyUrl(kind: ProxyKind, login?: string): string
  close(): void
}

export async function openScene(): Promise<Scene> {
  const certificates = await makeCertificates()
  const servers = await openApiServers(certificates)
  const proxies = await openProxies(certificates)
  const { root, client } = certificates
  return {
    certificates,
    servers,
    proxies,
    https: `https://127.0.0.1:${servers.httpsPort}`,
    http: `http://127.0.0.1:${servers.httpPort}`,
    named: `https://api.corp.example:${servers.httpsPort}`,
    namedHttp: `http://api.corp.example:${servers.httpPort}`,
    ca: { 'certificate-authority-data': base64(root.certificate) },
    clientCertificate: {
      'client-certificate-data': base64(client.certificate),
      'client-key-data': base64(client.key),
    },
    proxyUrl(kind, login = '') {
      const scheme = kind === 'socks5' || kind === 'https' ? kind : 'http'
      return `${scheme}://${login}127.0.0.1:${proxies.ports[kind]}`
    },
    close() {
      servers.close()
      proxies.close()
    },
  }
}

export const token = { token: 'tok' }
export const execVersion = 'client.authentication.k8s.io/v1'

/** A user with a credential plugin, `./plug.sh` next to the kubeconfig. */
export function execUser(more: object = {}) {
  return { exec: { apiVersion: execVersion, interactiveMode: 'Never', command: './plug.sh', ...more } }
}

/** A plugin that logs how it was run and prints the given credential; a token by default. */
export function pluginScript(answer: object | string = { status: { token: 'plugin-token' } }, log = '$*'): string {
  const credential = { apiVersion: execVersion, kind: 'ExecCredential' }
  const text = typeof answer === 'string' ? answer : JSON.stringify({ ...credential, ...answer })
  // `cat` by its path: some rows have no PATH.
  return `#!/bin/sh
echo "args=${log} cwd=$(pwd) info=$KUBERNETES_EXEC_INFO" >> @HOME@/plugin.log
/bin/cat <<'END'
${text}
END
`
}

/** A token of OpenID Connect, signed by nobody. */
export function idToken(claims: object): string {
  return ['{"alg":"none"}', JSON.stringify(claims), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')
}
