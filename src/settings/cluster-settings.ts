import path from 'node:path'
import type { Settings } from './settings.ts'

/** Returns the config's kubeconfig, unless KUBECONFIG names one; undefined means the one that kubectl would read. */
export function chooseKubeconfig(
  settings: Pick<Settings, 'kubeconfig'>,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  return environment.KUBECONFIG ? undefined : settings.kubeconfig
}

/** Appends the config's folders to PATH, so that every caller finds credential plugins, kubectl and ssh there. */
export function widenPath(settings: Pick<Settings, 'path'>, environment: NodeJS.ProcessEnv = process.env): void {
  const folders = (environment.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '')
  const more = settings.path.filter((folder) => !folders.includes(folder))
  if (more.length > 0) environment.PATH = [...folders, ...more].join(path.delimiter)
}
