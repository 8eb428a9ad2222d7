import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { loadKubeconfig } from '../../src/kube/kubeconfig.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const file = path.join(await makeTempFolder(), 'config')

function load(text: string) {
  writeFileSync(file, text)
  return loadKubeconfig({ paths: [file] })
}

test.each([
  ['users: [{ name: u, user: { client-key-data: {} } }]', '"user.client-key-data" of the user "u" is not a text'],
  ['users: [{ name: u, user: { as: 5 } }]', '"user.as" of the user "u" is not a text'],
  ['users: [{ name: u, user: { as-groups: devs } }]', '"user.as-groups" of the user "u" is not a list'],
  ['users: [{ name: u, user: { as-groups: [a, 5] } }]', '"user.as-groups.1" of the user "u" is not a text'],
  ['users: [{ name: u, user: { as-user-extra: { a: b } } }]', '"user.as-user-extra.a" of the user "u" is not a list'],
  ['users: [{ name: u, user: { exec: { args: [[]] } } }]', '"user.exec.args.0" of the user "u" is not a text'],
  ['users: [{ name: u, user: token }]', '"user" of the user "u" is not a map'],
  ['contexts: [{ name: c, context: { namespace: 12 } }]', '"context.namespace" of the context "c" is not a text'],
  [
    'clusters: [{ name: k, cluster: { insecure-skip-tls-verify: "yes" } }]',
    '"cluster.insecure-skip-tls-verify" of the cluster "k" is neither true nor false',
  ],
])("%s is 'kubeconfig-broken'", (text, state) => {
  try {
    load(text)
  } catch (error) {
    if (!(error instanceof KcapError)) throw error
    expect([error.code, error.exitCode]).toEqual(['kubeconfig-broken', 4])
    expect(error.message).toBe(`cannot read the kubeconfig "${file}": ${state}`)
    expect(error.hints).toEqual([`kubectl config view --kubeconfig ${file}`])
    return
  }
  throw new Error('it did not fail')
})

test('null counts as absent, and unknown fields may hold anything', () => {
  const config = load('users: [{ name: u, user: { token: null, exec: null, foo: [5], as: ~ } }]')
  expect(config.users.get('u')).toEqual({ foo: [5] })
})

test('plain words are read as kubectl reads them', () => {
  const config = load(
    'clusters: [{name: k, cluster: {insecure-skip-tls-verify: yes, server: 2024-01-01}}, {name: l, cluster: {disable-compression: off}}]',
  )
  expect(config.clusters.get('k')).toEqual({ 'insecure-skip-tls-verify': true, server: '2024-01-01' })
  expect(config.clusters.get('l')).toEqual({ 'disable-compression': false })
})

test('a plugin with a folder in its name is relative to the kubeconfig, one without is found on PATH', () => {
  const config = load('users: [{name: a, user: {exec: {command: ./p}}}, {name: b, user: {exec: {command: p}}}]')
  expect(config.users.get('a')?.exec?.command).toBe(path.join(path.dirname(file), 'p'))
  expect(config.users.get('b')?.exec?.command).toBe('p')
})
