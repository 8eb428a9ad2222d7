import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import path from 'node:path'

/** Path of a program, or why kcap refuses to start it. */
export type ProgramLookup =
  | { readonly file: string }
  | { readonly file: undefined; readonly state: string; readonly isMissing: boolean }

const isWindows = process.platform === 'win32'

/**
 * Looks up a program like Go's os/exec, and therefore kubectl. A name with a folder is that file; any other name is the first match on PATH. A match
 * through an empty, `.` or other relative entry of PATH is never run: whoever writes to the current folder would choose the program. kcap starts
 * every program by the path returned here, because Windows itself would search the current folder first.
 */
export async function lookUpProgram(
  name: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ProgramLookup> {
  if (name === '') return refuse('it has no name')
  if (/[\0]/.test(name)) return refuse('its name holds a NUL')
  if (name.includes('/') || (isWindows && /[\\:]/.test(name))) {
    const file = await firstProgram(path.resolve(name), environment)
    if (file !== undefined) return { file }
    return (await isFile(path.resolve(name)))
      ? refuse('it may not be executed', false)
      : refuse('there is no such file')
  }
  for (const folder of listFolders(environment)) {
    const file = await firstProgram(path.join(folder, name), environment)
    if (file === undefined) continue
    if (path.isAbsolute(folder)) return { file }
    return refuse(`PATH leads to it through the relative folder "${folder || '.'}", and kcap runs nothing from there`)
  }
  return refuse('there is no such program on PATH')
}

/** Returns the file of a program that exists and is executable. */
export async function findProgram(name: string, environment?: NodeJS.ProcessEnv): Promise<string | undefined> {
  return (await lookUpProgram(name, environment)).file
}

/** Returns whether a program exists and is executable. */
export async function hasProgram(name: string, environment?: NodeJS.ProcessEnv): Promise<boolean> {
  return (await findProgram(name, environment)) !== undefined
}

/** Returns a variable of an environment. In a copy of process.env, names are case-sensitive even on Windows. */
export function findVariable(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  if (!isWindows) return environment[name]
  const key = Object.keys(environment).find((one) => one.toUpperCase() === name)
  return key === undefined ? undefined : environment[key]
}

function listFolders(environment: NodeJS.ProcessEnv): string[] {
  const value = findVariable(environment, 'PATH') ?? ''
  return value === '' ? [] : value.split(path.delimiter)
}

function refuse(state: string, isMissing = true): ProgramLookup {
  return { file: undefined, state, isMissing }
}

/** Returns the executable file for a path. On Windows, it also tries the extensions in PATHEXT. */
async function firstProgram(file: string, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const more = isWindows ? (findVariable(environment, 'PATHEXT') ?? '.EXE;.CMD').split(';') : []
  const extensions = !isWindows || path.extname(file) !== '' ? ['', ...more] : more
  for (const extension of extensions) if (await isProgram(file + extension)) return file + extension
  return undefined
}

async function isProgram(file: string): Promise<boolean> {
  if (!(await isFile(file))) return false
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

async function isFile(file: string): Promise<boolean> {
  return await stat(file).then(
    (status) => status.isFile(),
    () => false,
  )
}
