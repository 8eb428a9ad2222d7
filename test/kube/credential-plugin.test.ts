import { existsSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { runCredentialPlugin } from '../../src/kube/credential-plugin.ts'
import { failureOf } from '../support/failure.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})
const run = { signal: new AbortController().signal, timeoutMs: 5_000, interactive: false }
const cluster = { server: 'https://c' }

async function plugin(name: string, body: string) {
  const command = path.join(folder, name)
  await writeFile(command, `#!/bin/sh\n${body}\n`)
  await chmod(command, 0o755)
  return { command, apiVersion: 'client.authentication.k8s.io/v1' }
}

test('the credential is read, and the plugin sees its arguments, its environment and the cluster', async () => {
  const entry = await plugin(
    'good',
    `echo "$1 $EXTRA $KUBERNETES_EXEC_INFO" > ${folder}/seen; echo '{"kind":"ExecCredential","status":{"token":"t0ken"}}'`,
  )
  const credential = await runCredentialPlugin(
    { ...entry, args: ['get-token'], env: [{ name: 'EXTRA', value: 'x' }], provideClusterInfo: true },
    cluster,
    run,
  )
  expect(credential.token).toBe('t0ken')
  const seen = await readFile(`${folder}/seen`, 'utf8')
  expect(seen).toMatch(/^get-token x \{"kind":"ExecCredential"/)
  expect(seen).toContain('"interactive":false')
  expect(seen).toContain('"server":"https://c"')
})

test("a plugin that is not there is 'credential-plugin-missing', with its install hint", async () => {
  const error = await failureOf(
    runCredentialPlugin({ command: 'no-such-plugin', installHint: 'brew install it' }, cluster, run),
  )
  expect([error.code, error.exitCode, error.message]).toEqual([
    'credential-plugin-missing',
    4,
    'cannot log in with "no-such-plugin": there is no such program on PATH',
  ])
  expect(error.hints[0]).toBe('brew install it')
  expect(error.hints[1]).toContain('PATH is ')
})

test("a plugin that fails is 'credential-plugin-failed', with its last words", async () => {
  const entry = await plugin('bad', 'echo "token expired" >&2; exit 7')
  const error = await failureOf(runCredentialPlugin(entry, cluster, run))
  expect([error.code, error.exitCode, error.message]).toEqual([
    'credential-plugin-failed',
    4,
    `cannot log in with "${entry.command}": it ended with exit code 7: token expired`,
  ])
  expect(error.hints).toEqual(['see whether kubectl can log in: kubectl get pods'])
})

test('an answer without a credential is a failure', async () => {
  const error = await failureOf(runCredentialPlugin(await plugin('empty', 'echo "{}"'), cluster, run))
  expect([error.code, error.message]).toEqual([
    'credential-plugin-failed',
    `cannot log in with "${folder}/empty": its answer holds no credential`,
  ])
})

test("a plugin that takes too long is killed and 'credential-plugin-slow'", async () => {
  const entry = await plugin('slow', 'exec sleep 60')
  const error = await failureOf(runCredentialPlugin(entry, cluster, { ...run, timeoutMs: 300 }))
  expect([error.code, error.exitCode, error.message]).toEqual([
    'credential-plugin-slow',
    4,
    `cannot log in with "${entry.command}": no answer within 0.3 s`,
  ])
  expect(error.hints).toEqual(['log in once in a terminal: kubectl get pods', 'then try again'])
})

test('what a plugin has started is killed with it, though it keeps the pipes open', async () => {
  const entry = await plugin('parent', `trap '' TERM; sleep 61 & echo $! > ${folder}/child; wait; wait`)
  const startedMs = Date.now()
  const error = await failureOf(runCredentialPlugin(entry, cluster, { ...run, timeoutMs: 300 }))
  expect(error.code).toBe('credential-plugin-slow')
  expect(Date.now() - startedMs).toBeLessThan(4_000)
  const child = (await readFile(`${folder}/child`, 'utf8')).trim()
  await expect.poll(() => existsSync(`/proc/${child}`), { timeout: 10_000 }).toBe(false)
})

test('a plugin that left its group behind is not waited for', async () => {
  const entry = await plugin('leaver', `setsid sleep 3 & echo $! > ${folder}/leaver-child; sleep 62`)
  const startedMs = Date.now()
  const error = await failureOf(runCredentialPlugin(entry, cluster, { ...run, timeoutMs: 300 }))
  expect(error.code).toBe('credential-plugin-slow')
  expect(Date.now() - startedMs).toBeLessThan(2_000)
})

test("a plugin that must ask is 'credential-plugin-login' where nobody can answer", async () => {
  const error = await failureOf(runCredentialPlugin({ command: 'x', interactiveMode: 'Always' }, cluster, run))
  expect([error.code, error.exitCode, error.message]).toEqual([
    'credential-plugin-login',
    4,
    'cannot log in with "x": it wants to ask something on a terminal',
  ])
  expect(error.hints).toContain('log in once in a terminal: kubectl get pods')
})
