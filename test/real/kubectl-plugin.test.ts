import { execFile } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect } from 'vitest'
import { bareEnvironment } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { isModern, lab, realTest } from './lab.ts'

// kubectl runs kcap as its plugin, and asks for its completion.

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
  for (const name of ['kubectl-kcap', 'kubectl_complete-kcap'])
    symlinkSync(path.resolve(`dist/${name}.cjs`), path.join(folder, name))
})

async function kubectl(...argv: string[]) {
  const PATH = `${folder}:${path.dirname(lab.kubectl)}:${path.dirname(process.execPath)}:/usr/bin:/bin`
  const env = {
    ...process.env,
    ...bareEnvironment,
    KUBECONFIG: lab.kubeconfig,
    // It would be in the repeat line.
    KCAP_SNAPLEN: undefined,
    PATH,
    HOME: folder,
  } as NodeJS.ProcessEnv
  return await promisify(execFile)(lab.kubectl, argv, { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
  )
}

realTest('kubectl kcap does what kcap does', async () => {
  const { code, stdout } = await kubectl('kcap', 'list', 'pods', '-n', 'shop', '-o', 'name')
  expect([code, stdout.split('\n')]).toEqual([0, expect.arrayContaining(['shop/db-0'])])
})

realTest('help, hints and repeat lines of the plugin name it kubectl kcap', async () => {
  const { stdout } = await kubectl('kcap', '--help')
  expect(stdout).toMatch(/^ {2}kubectl kcap NAMESPACE\/POD /m)
  expect(stdout).not.toMatch(/^ {2}kcap/m)
  const { code, stderr } = await kubectl('kcap', 'shop/none-such')
  expect([code, stderr]).toEqual([3, expect.stringContaining('hint: kubectl kcap list pods -n shop\n')])
  const file = path.join(folder, 'x.pcapng')
  await kubectl('kcap', 'shop/db-0', '--duration', '1', '-o', file)
  const { stdout: comment } = await promisify(execFile)('capinfos', ['-k', file])
  expect(comment).toContain('to repeat: kubectl kcap shop/db-0 --duration 1 -o')
})

realTest('kubectl completes the words of kubectl kcap', async () => {
  const { stdout } = await promisify(execFile)(path.join(folder, 'kubectl_complete-kcap'), ['list', 'de'])
  expect(stdout).toBe('deployments\n:4\n')
  // kubectl asks plugins since 1.26.
  if (!isModern) return
  const completed = await kubectl('__complete', 'kcap', 'list', 'stat')
  expect(completed.stdout).toBe('statefulsets\n:4\n')
})
