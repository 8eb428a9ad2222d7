import { existsSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { runCredentialPlugin } from '../../src/kube/credential-plugin.ts'
import { failureOf } from '../support/failure.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const folder = await makeTempFolder()
const run = { signal: new AbortController().signal, timeoutMs: 5_000, interactive: false }
const cluster = { server: 'https://c', config: null }

const apiVersion = 'client.authentication.k8s.io/v1'
const answer = JSON.stringify({ kind: 'ExecCredential', apiVersion, status: { token: 't0ken' } })

async function plugin(name: string, body: string) {
  const command = path.join(folder, name)
  await writeFile(command, `#!/bin/sh\n${body}\n`)
  await chmod(command, 0o755)
  return { command, apiVersion, interactiveMode: 'IfAvailable' }
}

test('the credential is read, and the plugin sees its arguments, its environment and the cluster', async () => {
  const entry = await plugin('good', `echo "$1 $EXTRA $KUBERNETES_EXEC_INFO" > ${folder}/seen; echo '${answer}'`)
  const credential = await runCredentialPlugin(
    {
      ...entry,
      args: ['get-token'],
      env: [
        { name: 'EXTRA', value: 'x' },
        { name: 'KUBERNETES_EXEC_INFO', value: 'forged' },
      ],
    },
    cluster,
    run,
  )
  expect(credential.token).toBe('t0ken')
  const seen = await readFile(`${folder}/seen`, 'utf8')
  expect(seen).toMatch(/^get-token x \{/)
  expect(JSON.parse(seen.slice('get-token x '.length))).toEqual({
    kind: 'ExecCredential',
    apiVersion,
    spec: { interactive: false, cluster },
  })
})

test('a plugin without provideClusterInfo gets its version and whether it may ask', async () => {
  const entry = await plugin('told', `echo "$KUBERNETES_EXEC_INFO" > ${folder}/told-seen; echo '${answer}'`)
  await runCredentialPlugin(entry, undefined, run)
  const seen: unknown = JSON.parse(await readFile(`${folder}/told-seen`, 'utf8'))
  expect(seen).toEqual({ kind: 'ExecCredential', apiVersion, spec: { interactive: false } })
})

test("a plugin that is not there is 'credential-plugin-missing', with its install hint", async () => {
  const error = await failureOf(
    runCredentialPlugin({ command: 'no-such-plugin', apiVersion, installHint: 'brew install it' }, cluster, run),
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
  const error = await failureOf(
    runCredentialPlugin(await plugin('empty', `echo '${answer.replace('t0ken', '')}'`), cluster, run),
  )
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
  const error = await failureOf(
    runCredentialPlugin({ command: 'x', apiVersion, interactiveMode: 'Always' }, cluster, run),
  )
  expect([error.code, error.exitCode, error.message]).toEqual([
    'credential-plugin-login',
    4,
    'cannot log in with "x": it wants to ask something on a terminal',
  ])
  expect(error.hints).toContain('log in once in a terminal: kubectl get pods')
})

test("a plugin that kubectl's preferences forbid is 'credential-plugin-not-allowed', and is not run", async () => {
  const kuberc = path.join(folder, 'kuberc')
  await writeFile(
    kuberc,
    'apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: DenyAll\n',
  )
  vi.stubEnv('KUBERC', kuberc)
  const entry = await plugin('forbidden', `touch ${folder}/forbidden-ran; echo '${answer}'`)
  const error = await failureOf(runCredentialPlugin(entry, cluster, run))
  vi.unstubAllEnvs()
  expect([error.code, error.exitCode, error.message]).toEqual([
    'credential-plugin-not-allowed',
    4,
    `cannot log in with "${entry.command}": kubectl's preferences "${kuberc}" allow no credential plugin`,
  ])
  expect(error.hints).toEqual(['kubectl kuberc view'])
  expect(existsSync(`${folder}/forbidden-ran`)).toBe(false)
})

test('an abort ends a plugin at once, with the reason', async () => {
  const entry = await plugin('waiting', `echo $$ > ${folder}/waiting-pid; sleep 64`)
  const stop = new AbortController()
  const reason = new Error('stopped by SIGINT')
  const running = runCredentialPlugin(entry, cluster, { ...run, signal: stop.signal }).catch((error: unknown) => error)
  await expect.poll(() => existsSync(`${folder}/waiting-pid`)).toBe(true)
  const startedMs = Date.now()
  stop.abort(reason)
  expect(await running).toBe(reason)
  expect(Date.now() - startedMs).toBeLessThan(1_000)
})

test('what a plugin says of a URL is shown without its password', async () => {
  const entry = await plugin('talker', 'echo "no way by http://me:s3cret@proxy:3128/" >&2; exit 1')
  const error = await failureOf(runCredentialPlugin(entry, cluster, run))
  expect(error.message).toContain('no way by http://…@proxy:3128/')
})
