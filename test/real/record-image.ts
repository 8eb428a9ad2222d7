import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, realpath, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { runLab } from './lab.ts'

const run = promisify(execFile)
const launcher = '#!/bin/sh\nexec node /usr/lib/kcap/kcap.cjs "$@"\n'

/** Makes the lab's image of the built program, with the Node that runs this test and nsenter. Returns its name. */
export async function makeRecordImage(folder: string): Promise<string> {
  const tree = path.join(folder, 'tree')
  const programs = { node: process.execPath, nsenter: '/usr/bin/nsenter' }
  await mkdir(path.join(tree, 'usr/bin'), { recursive: true })
  await cp('dist', path.join(tree, 'usr/lib/kcap'), { recursive: true, filter: (file) => !file.endsWith('.map') })
  for (const [name, file] of Object.entries(programs)) {
    await cp(await realpath(file), path.join(tree, 'usr/bin', name))
    for (const library of await listLibraries(file)) {
      const copy = path.join(tree, 'usr/lib/x86_64-linux-gnu', path.basename(library))
      await cp(await realpath(library), copy)
    }
  }
  const command = path.join(tree, 'usr/bin/kcap')
  await writeFile(command, launcher)
  await chmod(command, 0o755)
  return (await runLab('image', 'kcap', tree)).trim()
}

/** Shared libraries of a program, without the loader, which the image has. */
async function listLibraries(file: string): Promise<string[]> {
  const { stdout } = await run('ldd', [file])
  return [...stdout.matchAll(/=> (\/\S+)/g)].map(([, library]) => library as string)
}
