import { expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import type { Target, TargetName } from '../../src/base/target.ts'
import type { Verb } from '../../src/kube/grant.ts'
import { makeDenial } from '../../src/kube/kube-error.ts'
import { explainDenial } from '../../src/session/explain-denial.ts'
import { defaultSettings } from '../../src/settings/settings.ts'
import { makePodTarget } from '../support/pod-target.ts'
import { readGrant } from '../support/read-grant.ts'

const { debug } = defaultSettings('')

/** Returns `verbs resource` of each rule that the explained denial would grant, and the name of its Role. */
function explain(verb: Verb, resource: string, what: TargetName | Target, namespace: string | undefined = 'shop') {
  const denial = makeDenial({ verb, resource, namespace }, 'ann')
  const error = explainDenial(denial, what, { via: 'auto', debug }, 'home') as KcapError
  return readGrant(error.hints.join('\n'))
    .filter(({ rules }) => rules !== undefined)
    .map(({ metadata, rules = [] }) => ({
      ...metadata,
      rules: rules.map(({ resources, verbs }) => `${verbs} ${resources}`),
    }))
}

test('a denied exec is explained with all that a capture by exec needs', () => {
  expect(explain('get', 'pods/exec', makePodTarget())).toEqual([
    { name: 'kcap:ann:web:exec', namespace: 'shop', rules: ['get,list,watch pods', 'get,create pods/exec'] },
  ])
})

test('the route of a denial follows from its resource', () => {
  const [ephemeral] = explain('patch', 'pods/ephemeralcontainers', makePodTarget())
  expect(ephemeral?.rules).toContain('patch pods/ephemeralcontainers')
  const [nodePod] = explain('create', 'pods', makePodTarget())
  expect(nodePod?.rules).toContain('get,list,watch,create,delete pods')
})

test('a service needs the rights to find its pods, in the home namespace when it names none', () => {
  const [grant] = explain('get', 'services', { kind: 'service', service: 'api' })
  expect(grant?.namespace).toBe('home')
  expect(grant?.rules).toEqual(
    expect.arrayContaining(['get services', 'get endpoints', 'list endpointslices', 'get,create pods/exec']),
  )
})

test('a node needs a ClusterRole to read it, and a Role for the pod there', () => {
  const grants = explain('get', 'nodes', { kind: 'node', node: 'worker-1' }, undefined)
  expect(grants.map(({ namespace, rules }) => [namespace, rules.at(-1)])).toEqual(
    expect.arrayContaining([
      [undefined, 'get nodes'],
      ['home', 'get,create pods/exec'],
    ]),
  )
})

test('an error that is no denial is returned unchanged', () => {
  const gone = new KcapError('pod-not-found', 'cannot capture "web": the pod is gone', { hints: ['kcap list'] })
  expect(explainDenial(gone, makePodTarget(), { via: 'auto', debug }, '')).toBe(gone)
  expect(explainDenial('stopped', makePodTarget(), { via: 'auto', debug }, '')).toBe('stopped')
})
