import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { findContext, loadKubeconfig } from '../../src/kube/kubeconfig.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const folder = await makeTempFolder()

async function write(name: string, text: string): Promise<string> {
  const file = path.join(folder, name)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, text)
  return file
}

const one = `current-context: a
contexts: [{name: a, context: {cluster: c, user: u, namespace: shop}}]
clusters: [{name: c, cluster: {server: "https://one", certificate-authority: ca.crt}}]
users: [{name: u, user: {token: t1}}]`
const two = `current-context: b
contexts: [{name: a, context: {cluster: other}}, {name: b, context: {cluster: c}}]
clusters: [{name: c, cluster: {server: "https://two"}}]`

function failure(run: () => unknown): KcapError {
  try {
    run()
  } catch (error) {
    if (error instanceof KcapError) return error
    throw error
  }
  throw new Error('it did not fail')
}

test('of several files the first that has an entry counts, and the first current context', async () => {
  const KUBECONFIG = [await write('x/one', one), path.join(folder, 'missing'), await write('two', two)].join(
    path.delimiter,
  )
  const config = loadKubeconfig({ environment: { KUBECONFIG } })
  expect(config.currentContext).toBe('a')
  expect(config.contexts.get('a')?.cluster).toBe('c')
  expect([...config.contexts.keys()]).toEqual(['a', 'b'])
  expect(config.clusters.get('c')?.server).toBe('https://one')
})

test('file names inside are relative to the kubeconfig that has them', async () => {
  const file = await write('x/one', one)
  expect(loadKubeconfig({ paths: [file] }).clusters.get('c')?.['certificate-authority']).toBe(
    path.join(folder, 'x/ca.crt'),
  )
})

test('without KUBECONFIG it is ~/.kube/config', async () => {
  await write('home/.kube/config', one)
  expect(loadKubeconfig({ environment: { HOME: path.join(folder, 'home') } }).currentContext).toBe('a')
})

test("a missing file is 'kubeconfig-missing', with kcap demo as a hint", () => {
  const error = failure(() => loadKubeconfig({ environment: { KUBECONFIG: path.join(folder, 'none') } }))
  expect([error.code, error.exitCode]).toEqual(['kubeconfig-missing', 4])
  expect(error.message).toBe(`cannot read the kubeconfig "${folder}/none": no such file`)
  expect(error.hints).toContain('no cluster at hand? see packets anyway: kcap demo')
})

test("a folder is 'kubeconfig-unreadable'", () => {
  const error = failure(() => loadKubeconfig({ paths: [folder] }))
  expect([error.code, error.exitCode, error.message]).toEqual([
    'kubeconfig-unreadable',
    4,
    `cannot read the kubeconfig "${folder}": is a directory`,
  ])
  expect(error.hints).toEqual([`ls -ld ${folder}`])
})

test("a file that --kubeconfig names and that is missing is 'kubeconfig-missing', with other places to look", () => {
  const error = failure(() => loadKubeconfig({ paths: [path.join(folder, 'my files/none')] }))
  expect([error.code, error.exitCode]).toEqual(['kubeconfig-missing', 4])
  expect(error.message).toBe(`cannot read the kubeconfig "${folder}/my files/none": no such file`)
  expect(error.hints).toEqual([
    `ls -l '${folder}/my files'`,
    'without --kubeconfig kcap reads $KUBECONFIG, else ~/.kube/config',
    'no cluster at hand? see packets anyway: kcap demo',
  ])
})

test.each([
  ['a: b: c', 'in line 1'],
  ['just text', 'it is no kubeconfig'],
  ['contexts: 7', '"contexts" is not a list'],
])("a file that says %s is 'kubeconfig-broken'", async (text, state) => {
  const broken = await write('broken-file', text)
  const error = failure(() => loadKubeconfig({ paths: [broken] }))
  expect([error.code, error.exitCode]).toEqual(['kubeconfig-broken', 4])
  expect(error.message).toContain(state)
  expect(error.hints).toEqual([`kubectl config view --kubeconfig ${broken}`])
})

test("no current context is 'kubeconfig-no-context', with those there are", async () => {
  const config = loadKubeconfig({ paths: [await write('nocurrent', one.replace('current-context: a', ''))] })
  const error = failure(() => findContext(config, undefined))
  expect([error.code, error.exitCode]).toEqual(['kubeconfig-no-context', 4])
  expect(error.message).toBe(`cannot choose a cluster: the kubeconfig "${folder}/nocurrent" has no current context`)
  expect(error.hints[0]).toContain('with one of: a')
})

test("an unknown context is 'context-not-found', with near names", async () => {
  const config = loadKubeconfig({ paths: [await write('prod', one.replaceAll('name: a', 'name: prod-eu'))] })
  const error = failure(() => findContext(config, 'prod-ue'))
  expect([error.code, error.exitCode]).toEqual(['context-not-found', 3])
  expect(error.message).toBe('cannot use the context "prod-ue": the kubeconfig has none of that name')
  expect(error.hints).toEqual(['contexts there: prod-eu', 'kcap list contexts'])
})
