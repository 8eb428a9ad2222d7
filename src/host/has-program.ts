import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import path from 'node:path'

/** The file that stands for a program's name: the first on PATH, or the one that the name itself says. */
export async function findProgram(
  name: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const more = process.platform === 'win32' ? (environment.PATHEXT ?? '.EXE;.CMD').split(';') : []
  const endings = process.platform !== 'win32' || path.extname(name) !== '' ? ['', ...more] : more
  const folders = (environment.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '')
  const files = path.isAbsolute(name)
    ? endings.map((ending) => name + ending)
    : folders.flatMap((folder) => endings.map((ending) => path.join(folder, name + ending)))
  const found = await Promise.all(
    files.map((file) =>
      access(file, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  )
  return files[found.indexOf(true)]
}

/** Whether a program is on PATH. */
export async function hasProgram(name: string, environment?: NodeJS.ProcessEnv): Promise<boolean> {
  return (await findProgram(name, environment)) !== undefined
}
