import path from 'node:path'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { flagShape, listShape, mapShape, objectShape, textShape } from './kubeconfig-shape.ts'

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
  readonly 'disable-compression'?: boolean
  readonly extensions?: readonly { readonly name?: string; readonly extension?: unknown }[]
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
  readonly 'as-uid'?: string
  readonly 'as-groups'?: readonly string[]
  readonly 'as-user-extra'?: Readonly<Record<string, readonly string[]>>
  readonly exec?: CredentialPluginEntry
  readonly 'auth-provider'?: AuthProviderEntry
}

export interface AuthProviderEntry {
  readonly name?: string
  readonly config?: Readonly<Record<string, string>>
}

export interface CredentialPluginEntry {
  readonly apiVersion?: string
  readonly command?: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name?: string; readonly value?: string }[]
  readonly installHint?: string
  /** `Never`, `IfAvailable` or `Always`. */
  readonly interactiveMode?: string
  readonly provideClusterInfo?: boolean
}

/** Keys with file names, which are relative to the folder of their kubeconfig. */
const fileKeys = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile']

const shapes = {
  context: objectShape({ cluster: textShape, user: textShape, namespace: textShape }),
  cluster: objectShape({
    server: textShape,
    'certificate-authority': textShape,
    'certificate-authority-data': textShape,
    'insecure-skip-tls-verify': flagShape,
    'tls-server-name': textShape,
    'proxy-url': textShape,
    'disable-compression': flagShape,
    extensions: listShape(objectShape({ name: textShape })),
  }),
  user: objectShape({
    token: textShape,
    tokenFile: textShape,
    'client-certificate': textShape,
    'client-certificate-data': textShape,
    'client-key': textShape,
    'client-key-data': textShape,
    username: textShape,
    password: textShape,
    as: textShape,
    'as-uid': textShape,
    'as-groups': listShape(textShape),
    'as-user-extra': mapShape(listShape(textShape)),
    exec: objectShape({
      apiVersion: textShape,
      command: textShape,
      args: listShape(textShape),
      env: listShape(objectShape({ name: textShape, value: textShape })),
      installHint: textShape,
      interactiveMode: textShape,
      provideClusterInfo: flagShape,
    }),
    'auth-provider': objectShape({ name: textShape, config: mapShape(textShape) }),
  }),
} as const

/**
 * Adds the named entries of one list of a file; when a name exists already, the first one counts. A value of the wrong type stops kcap, as it stops
 * kubectl: without it, kcap might be another user or in another namespace.
 * @throws {KcapError} kubeconfig-broken — when the list or a value in it is of the wrong type
 */
export function addEntries<Entry>(
  into: Map<string, Entry>,
  list: unknown,
  key: keyof typeof shapes,
  file: string,
): void {
  if (list === undefined || list === null) return
  if (!Array.isArray(list)) throw brokenFile(file, `"${key}s" is not a list`)
  for (const item of list as Record<string, unknown>[]) {
    const name = item?.name
    if (typeof name !== 'string' || into.has(name)) continue
    const entry = dropNulls(item[key] ?? {}) as Record<string, unknown>
    const misfit = shapes[key](entry)
    if (misfit !== undefined)
      throw brokenFile(file, `"${[key, ...misfit.keys].join('.')}" of the ${key} "${name}" ${misfit.state}`)
    for (const fileKey of fileKeys) resolveIn(path.dirname(file), entry, fileKey)
    const plugin = entry.exec as Record<string, unknown> | undefined
    // A name without a folder is looked up on PATH.
    if (typeof plugin?.command === 'string' && plugin.command.includes(path.sep))
      resolveIn(path.dirname(file), plugin, 'command')
    into.set(name, entry as Entry)
  }
}

function resolveIn(folder: string, holder: Record<string, unknown>, key: string): void {
  const value = holder[key]
  if (typeof value === 'string' && value !== '') holder[key] = path.resolve(folder, value)
}

/** Removes nulls: an absent value can be written as null. */
function dropNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      item === null || item === undefined ? [] : [[key, key === 'extensions' ? item : dropNulls(item)]],
    ),
  )
}

function brokenFile(file: string, state: string): KcapError {
  return new KcapError('kubeconfig-broken', `cannot read the kubeconfig "${file}": ${state}`, {
    hints: [line('kubectl', 'config', 'view', '--kubeconfig', file)],
  })
}
