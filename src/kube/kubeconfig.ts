import { readFileSync } from 'node:fs'
import path from 'node:path'
import yaml from 'js-yaml'
import { fileWord, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { findSimilarNames } from '../base/similar-names.ts'
import { addEntries, type ClusterEntry, type ContextEntry, type UserEntry } from './kubeconfig-entries.ts'
import { findKubeconfigPaths } from './kubeconfig-paths.ts'
import { kubeconfigSchema } from './kubeconfig-schema.ts'

/** A kubeconfig as kubectl sees it. Field names as in the file: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
export interface Kubeconfig {
  readonly currentContext: string | undefined
  readonly contexts: ReadonlyMap<string, ContextEntry>
  readonly clusters: ReadonlyMap<string, ClusterEntry>
  readonly users: ReadonlyMap<string, UserEntry>
  /** Files that it was read from, for messages. */
  readonly paths: readonly string[]
}

const inClusterFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

export interface KubeconfigSources {
  /** Files of `--kubeconfig`, which must exist. */
  readonly paths?: readonly string[] | undefined
  readonly environment?: NodeJS.ProcessEnv
}

/**
 * Reads the kubeconfig by kubectl's rules: the named file, else the files of KUBECONFIG, else ~/.kube/config, else the pod's own service account.
 * Skips missing files of KUBECONFIG; when several files have an entry, the first one counts.
 * https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 * @throws {KcapError} kubeconfig-missing — when there is no kubeconfig, or a named file does not exist
 * @throws {KcapError} kubeconfig-unreadable — when a file can't be read
 * @throws {KcapError} kubeconfig-broken — when a file is no kubeconfig
 */
export function loadKubeconfig(sources: KubeconfigSources = {}): Kubeconfig {
  const environment = sources.environment ?? process.env
  const isNamed = sources.paths !== undefined && sources.paths.length > 0
  const paths = isNamed ? (sources.paths ?? []) : findKubeconfigPaths(environment)
  const documents = paths.flatMap((file) => {
    const document = readDocument(file, isNamed)
    return document === undefined ? [] : [{ file, document }]
  })
  if (documents.length > 0) return mergeDocuments(documents)
  const inCluster = readInClusterConfig(environment)
  if (inCluster !== undefined) return inCluster
  throw new KcapError(
    'kubeconfig-missing',
    `cannot read the kubeconfig "${paths.join(path.delimiter)}": no such file`,
    {
      hints: [
        'kcap --kubeconfig FILE …',
        'export KUBECONFIG=FILE',
        'no cluster at hand? see packets anyway: kcap demo',
      ],
    },
  )
}

/**
 * Returns the context of that name, or the current one.
 * @throws {KcapError} kubeconfig-no-context — when there is neither a name nor a current context
 * @throws {KcapError} context-not-found — when there is no context of that name
 */
export function findContext(config: Kubeconfig, name: string | undefined): { name: string; entry: ContextEntry } {
  const wanted = name ?? config.currentContext
  const known = [...config.contexts.keys()]
  if (wanted === undefined || wanted === '') {
    throw new KcapError(
      'kubeconfig-no-context',
      `cannot choose a cluster: the kubeconfig "${config.paths.join(path.delimiter)}" has no current context`,
      {
        hints:
          known.length === 0
            ? ['it has no contexts at all']
            : [
                `kcap --context NAME …   with one of: ${known.slice(0, 8).join(', ')}`,
                'kubectl config use-context NAME',
              ],
      },
    )
  }
  const entry = config.contexts.get(wanted)
  if (entry === undefined) {
    const near = findSimilarNames(wanted, known)
    throw new KcapError(
      'context-not-found',
      `cannot use the context "${wanted}": the kubeconfig has none of that name`,
      {
        hints: [
          `contexts there: ${(near.length > 0 ? near : known.slice(0, 8)).join(', ') || 'none'}`,
          line('kcap', 'list', 'contexts'),
        ],
      },
    )
  }
  return { name: wanted, entry }
}

function readDocument(file: string, mustExist: boolean): Record<string, unknown> | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') {
      if (!mustExist) return undefined
      throw new KcapError('kubeconfig-missing', `cannot read the kubeconfig "${file}": no such file`, {
        hints: [
          line('ls', '-l', fileWord(path.dirname(path.resolve(file)))),
          'without --kubeconfig kcap reads $KUBECONFIG, else ~/.kube/config',
          'no cluster at hand? see packets anyway: kcap demo',
        ],
        cause: error,
      })
    }
    const state =
      code === 'EISDIR' ? 'is a directory' : code === 'EACCES' ? 'permission denied' : (error as Error).message
    throw new KcapError('kubeconfig-unreadable', `cannot read the kubeconfig "${file}": ${state}`, {
      hints: [line('ls', '-ld', fileWord(file))],
      cause: error,
    })
  }
  return parseDocument(file, text)
}

function parseDocument(file: string, text: string): Record<string, unknown> {
  let document: unknown
  try {
    document = yaml.load(text, { schema: kubeconfigSchema })
  } catch (error) {
    const mark = error instanceof yaml.YAMLException ? error.mark : undefined
    const state = error instanceof yaml.YAMLException ? error.reason : String(error)
    const place = mark === undefined ? '' : ` in line ${mark.line + 1}`
    throw new KcapError('kubeconfig-broken', `cannot read the kubeconfig "${file}": ${state}${place}`, {
      hints: [line('kubectl', 'config', 'view', '--kubeconfig', file)],
      cause: error,
    })
  }
  if (document === null || document === undefined) return {}
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new KcapError('kubeconfig-broken', `cannot read the kubeconfig "${file}": it is no kubeconfig`, {
      hints: [line('kubectl', 'config', 'view', '--kubeconfig', file)],
    })
  }
  return document as Record<string, unknown>
}

function mergeDocuments(documents: readonly { file: string; document: Record<string, unknown> }[]): Kubeconfig {
  const contexts = new Map<string, ContextEntry>()
  const clusters = new Map<string, ClusterEntry>()
  const users = new Map<string, UserEntry>()
  let currentContext: string | undefined
  for (const { file, document } of documents) {
    currentContext ||= typeof document['current-context'] === 'string' ? document['current-context'] : undefined
    addEntries(contexts, document.contexts, 'context', file)
    addEntries(clusters, document.clusters, 'cluster', file)
    addEntries(users, document.users, 'user', file)
  }
  return {
    currentContext: currentContext || undefined,
    contexts,
    clusters,
    users,
    paths: documents.map(({ file }) => file),
  }
}

/** Reads the service account of the pod. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api */
function readInClusterConfig(environment: NodeJS.ProcessEnv): Kubeconfig | undefined {
  const host = environment.KUBERNETES_SERVICE_HOST
  const port = environment.KUBERNETES_SERVICE_PORT
  if (!host || !port) return undefined
  let namespace: string
  try {
    namespace = readFileSync(path.join(inClusterFolder, 'namespace'), 'utf8').trim()
  } catch {
    return undefined
  }
  const name = 'in-cluster'
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  return {
    currentContext: name,
    contexts: new Map([[name, { cluster: name, user: name, namespace }]]),
    clusters: new Map([[name, { server, 'certificate-authority': path.join(inClusterFolder, 'ca.crt') }]]),
    users: new Map([[name, { tokenFile: path.join(inClusterFolder, 'token') }]]),
    paths: [inClusterFolder],
  }
}
