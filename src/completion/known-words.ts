import path from 'node:path'
import { findAccount } from '../host/account.ts'
import { findUserFolders } from '../host/user-folders.ts'
import { type Kubeconfig, loadKubeconfig } from '../kube/kubeconfig.ts'
import type { ClusterNames, ObjectKind } from '../listing/cluster-names.ts'
import { readKnownNames } from '../listing/known-names.ts'
import { chooseKubeconfig } from '../settings/cluster-settings.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { defaultSettings } from '../settings/settings.ts'
import { listSshAliases } from '../ssh/config/list-ssh-aliases.ts'
import type { TypedWords } from './typed-words.ts'

/** Names that a shell may offer, each read on demand. Never waits for a cluster. */
export interface KnownWords {
  contexts(): Promise<readonly string[]>
  names(): Promise<ClusterNames | undefined>
  /** Returns the pods of a namespace; without one, those that a bare name would refer to. */
  pods(namespace?: string): Promise<readonly string[]>
  objects(kind: ObjectKind): Promise<readonly string[]>
  sshHosts(): Promise<readonly string[]>
}

/** Returns the names known for the cluster and config in the words of a command line. Anything unreadable yields no names. */
export function readKnownWords({ given }: Pick<TypedWords, 'given'>): KnownWords {
  const { home } = findUserFolders()
  const expand = (file: string) => path.resolve(file.replace(/^~(?=\/)/, home))
  const kubeconfig = given.get('kubeconfig')
  const settings = loadSettings().catch(() => defaultSettings(''))
  const chooseEnvironment = async () => {
    const file = kubeconfig ? expand(kubeconfig) : chooseKubeconfig(await settings)
    return file === undefined ? process.env : { ...process.env, KUBECONFIG: file }
  }
  const readConfig = async (): Promise<Kubeconfig | undefined> => {
    try {
      return loadKubeconfig({ environment: await chooseEnvironment() })
    } catch {
      return undefined
    }
  }
  let read: Promise<ClusterNames | undefined> | undefined
  const readNames = async () => {
    const config = await readConfig()
    const context = given.get('context') || config?.currentContext
    if (config === undefined || context === undefined || !config.contexts.has(context)) return undefined
    return await readKnownNames(config, context, await chooseEnvironment())
  }
  const names = async () => {
    read ??= readNames()
    return await read
  }
  const isWanted = (namespace: string, found: ClusterNames) =>
    given.has('all-namespaces') || namespace === (given.get('namespace') || found.ownNamespace)
  return {
    contexts: async () => [...((await readConfig())?.contexts.keys() ?? [])],
    names,
    async pods(namespace) {
      const found = await names()
      return (found?.pods ?? [])
        .filter((pod) =>
          namespace === undefined ? found && isWanted(pod.namespace, found) : pod.namespace === namespace,
        )
        .map(({ pod }) => pod)
    },
    async objects(kind) {
      const found = await names()
      return (found?.objects ?? [])
        .filter((object) => object.kind === kind && found && (kind === 'node' || isWanted(object.namespace, found)))
        .map(({ name }) => name)
    },
    async sshHosts() {
      const file = given.get('ssh-config')
      const aliases = await listSshAliases(findAccount().homeFolder, file ? expand(file) : undefined)
      return [...new Set([...aliases, ...(await settings).sshHosts])]
    },
  }
}
