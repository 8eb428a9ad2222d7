import path from 'node:path'
import { findProgram } from '../host/find-program.ts'
import { loadKubeconfig } from '../kube/kubeconfig.ts'
import { chooseKubeconfig } from '../settings/cluster-settings.ts'
import type { Settings } from '../settings/settings.ts'
import { chooseContexts } from './list-clusters.ts'

/** A credential plugin that a listed context logs in with. */
export interface LoginProgram {
  readonly name: string
  readonly context: string
  /** Path of the program; undefined when it is not found. */
  readonly file: string | undefined
}

/** Folders that every desktop puts on the PATH of the programs it starts. */
const desktopFolders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin']

/**
 * Finds the credential plugins as a kcap that a desktop has started would: with the launcher's folders and the config's.
 * @throws {KcapError} kubeconfig-* — when the kubeconfig can't be used
 */
export async function findLoginPrograms(
  settings: Settings,
  launcherFolders: readonly string[],
): Promise<LoginProgram[]> {
  const kubeconfig = chooseKubeconfig(settings)
  const config = loadKubeconfig({ paths: kubeconfig === undefined ? undefined : [kubeconfig] })
  const folders = [...desktopFolders, ...launcherFolders, ...settings.path]
  // Windows passes the same PATH to all programs.
  const environment = process.platform === 'win32' ? process.env : { PATH: folders.join(path.delimiter) }
  const named = chooseContexts(config, settings.list.contexts).flatMap((context) => {
    const name = config.users.get(config.contexts.get(context)?.user ?? '')?.exec?.command
    return name === undefined ? [] : [{ name, context }]
  })
  return await Promise.all(named.map(async (one) => ({ ...one, file: await findProgram(one.name, environment) })))
}
