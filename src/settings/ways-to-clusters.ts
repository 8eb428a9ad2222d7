import path from 'node:path'
import type { Settings } from './settings.ts'

/** The config's kubeconfig, where KUBECONFIG names none; undefined: what kubectl would read. */
export function chooseKubeconfig(
  settings: Pick<Settings, 'kubeconfig'>,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  return environment.KUBECONFIG ? undefined : settings.kubeconfig
}

/** Puts the config's folders behind those of PATH: credential plugins, kubectl and ssh are then found by whoever starts them. */
export function widenPath(settings: Pick<Settings, 'path'>, environment: NodeJS.ProcessEnv = process.env): void {
  const folders = (environment.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '')
  const more = settings.path.filter((folder) => !folders.includes(folder))
  if (more.length > 0) environment.PATH = [...folders, ...more].join(path.delimiter)
}
