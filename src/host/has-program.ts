import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import path from 'node:path'

/** Whether a program is on PATH. */
export async function hasProgram(name: string, environment: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  const endings = process.platform === 'win32' ? (environment.PATHEXT ?? '.EXE;.CMD').split(';') : ['']
  const folders = (environment.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '')
  const files = folders.flatMap((folder) => endings.map((ending) => path.join(folder, name + ending)))
  const found = await Promise.all(
    files.map((file) =>
      access(file, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  )
  return found.includes(true)
}
