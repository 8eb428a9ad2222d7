import path from 'node:path'
import { findUserFolders } from '../host/user-folders.ts'

/** `KCAP_CONFIG`, else `config.yaml` in the platform's folder for settings; whether it is there or not. */
export function findConfigFile(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.KCAP_CONFIG || path.join(findUserFolders(environment).config, 'config.yaml')
}
