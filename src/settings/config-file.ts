import path from 'node:path'
import { findUserFolders } from '../host/user-folders.ts'

/** Returns the path of the config file, which may not exist: `KCAP_CONFIG`, or else `config.yaml` in the platform's settings folder. */
export function findConfigFile(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.KCAP_CONFIG || path.join(findUserFolders(environment).config, 'config.yaml')
}
