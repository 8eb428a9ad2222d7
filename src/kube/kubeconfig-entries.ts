import path from 'node:path'
import { KcapError } from '../base/kcap-error.ts'
import { quote } from '../base/quote.ts'
import { flag, listOf, object, text } from './answer-shape.ts'

// Field names as in the file: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/

export interface ContextEntry {
  readonly cluster?: string
  readonly user?: string
  readonly namespace?: string
}

export interface ClusterEntry {
  readonly server?: string
  readonly 'certificate-authority'?: string
  readonly 'certificate-authority-data'?: string
  readonly 'insecure-skip-tls-verify'?: boolean
  readonly 'tls-server-name'?: string
  readonly 'proxy-url'?: string
  readonly extensions?: unknown
}

export interface UserEntry {
  readonly token?: string
  readonly tokenFile?: string
  readonly 'client-certificate'?: string
  readonly 'client-certificate-data'?: string
  readonly 'client-key'?: string
  readonly 'client-key-data'?: string
  readonly username?: string
  readonly password?: string
  readonly as?: string
  readonly exec?: CredentialPluginEntry
  readonly 'auth-provider'?: { readonly name: string; readonly config?: Record<string, string> }
}

export interface CredentialPluginEntry {
  readonly apiVersion?: string
  readonly command?: string
  readonly args?: readonly string[] | null
  readonly env?: readonly { name: string; value: string }[] | null
  readonly installHint?: string
  readonly interactiveMode?: 'Never' | 'IfAvailable' | 'Always'
  readonly provideClusterInfo?: boolean
}

/** File names inside a kubeconfig are relative to the folder it lies in. */
const fileKeys = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile']

const textKeys =
  'cluster user namespace server certificate-authority certificate-authority-data tls-server-name proxy-url token tokenFile client-certificate client-certificate-data client-key client-key-data username password as'
/** A value of another kind than it should be counts as missing. */
const fitEntry = object({
  ...Object.fromEntries(textKeys.split(' ').map((key) => [key, text])),
  'insecure-skip-tls-verify': flag,
  exec: object({
    apiVersion: text,
    command: text,
    args: listOf(text),
    env: listOf(object({ name: text, value: text }, 'name', 'value')),
    installHint: text,
    interactiveMode: text,
  }),
  'auth-provider': object({ name: text }, 'name'),
})

/** Adds the named entries of one list of a file; of a name that is there already, the first counts. Throws `kubeconfig-broken`. */
export function addEntries<Entry>(into: Map<string, Entry>, list: unknown, key: string, file: string): void {
  if (list === undefined || list === null) return
  if (!Array.isArray(list)) {
    throw new KcapError('kubeconfig-broken', `cannot read the kubeconfig "${file}": "${key}s" is not a list`, {
      hints: [`kubectl config view --kubeconfig ${quote(file)}`],
    })
  }
  for (const item of list as Record<string, unknown>[]) {
    const name = item?.name
    if (typeof name !== 'string' || into.has(name)) continue
    const entry = fitEntry({ ...(item[key] as object | undefined) }) as Record<string, unknown>
    for (const fileKey of fileKeys) {
      const value = entry[fileKey]
      if (typeof value === 'string' && value !== '') entry[fileKey] = path.resolve(path.dirname(file), value)
    }
    into.set(name, entry as Entry)
  }
}
