import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CreatingRoute } from '../../src/base/capture-request.ts'
import { formatHint } from '../../src/base/hint.ts'
import { type PlannedRoute, planRoutes, type RouteFacts } from '../../src/route/plan-routes.ts'

const noRights = {
  getExec: undefined,
  createExec: undefined,
  patchEphemeral: undefined,
  createPods: undefined,
  deletePods: undefined,
  getNodeExec: undefined,
  createNodeExec: undefined,
}
const unknown: RouteFacts = {
  namespace: 'shop',
  execFailure: undefined,
  rights: noRights,
  hasKubectl: true,
  minorVersion: undefined,
  podSecurity: 'unknown',
  nodePodSecurity: 'none',
  nodePodNamespace: 'shop',
  isWindows: false,
  isStatic: false,
  sshHost: undefined,
}
const order = ['exec', 'kubectl', 'ssh', 'ephemeral', 'node-pod']
const noShell = { code: 'no-shell', message: 'its container has no "sh"' } as const
const forbidden = { code: 'api-forbidden', message: 'this user is not allowed to' } as const
const refusedByPolicy = { code: 'admission-refused', message: 'the cluster refuses it' } as const
const lacks = (right: keyof RouteFacts['rights']): Partial<RouteFacts> => ({ rights: { ...noRights, [right]: false } })

function plan(via: string, more: Partial<RouteFacts>, consent: readonly CreatingRoute[] = []): PlannedRoute {
  const found = planRoutes({ ...unknown, ...more }, new Set(consent)).find((route) => route.via === via)
  if (found === undefined) throw new Error(`there is no "${via}" in the plan`)
  return found
}

describe('unknown facts count as good', () => {
  test('without any fact every route is open or waits for consent, except for an unnamed SSH host', () => {
    expect(planRoutes(unknown, new Set()).map(({ via, state }) => [via, state])).toEqual([
      ['exec', 'open'],
      ['kubectl', 'open'],
      ['ssh', 'refused'],
      ['ephemeral', 'consent'],
      ['node-pod', 'consent'],
    ])
  })

  test.each(['ephemeral', 'node-pod'] as const)('consent opens %s', (via) => {
    expect(plan(via, {}).state).toBe('consent')
    expect(plan(via, {}, [via]).state).toBe('open')
  })
})

describe('a fact that closes a route is its reason', () => {
  test.each<[string, Partial<RouteFacts>, RegExp]>([
    ['exec', { execFailure: noShell }, /no "sh"/],
    ['exec', lacks('getExec'), /no "get" on "pods\/exec"/],
    ['exec', { ...lacks('createExec'), minorVersion: 35 }, /no "create" on "pods\/exec"/],
    ['ephemeral', { ...lacks('createExec'), minorVersion: 36 }, /no "create" on "pods\/exec"/],
    ['ephemeral', { execFailure: refusedByPolicy }, /needs exec, which the cluster refuses there/],
    ['node-pod', { execFailure: refusedByPolicy }, /needs exec, which the cluster refuses there/],
    ['node-pod', { ...lacks('deletePods'), nodePodNamespace: 'tools' }, /no "delete" on "pods" in .* "tools"/],
    ['node-pod', { ...lacks('createNodeExec'), minorVersion: 35 }, /no "create" on "pods\/exec"/],
    ['kubectl', { hasKubectl: false }, /no "kubectl" on PATH/],
    ['kubectl', { execFailure: noShell }, /the same in the container/],
    ['kubectl', { execFailure: forbidden, ...lacks('createExec') }, /no "create" on "pods\/exec"/],
    ['ssh', {}, /no SSH host/],
    ['ephemeral', { isWindows: true }, /Windows/],
    ['ephemeral', { isStatic: true }, /static pod/],
    ['ephemeral', { minorVersion: 22 }, /1\.22 has no ephemeral containers/],
    ['ephemeral', lacks('patchEphemeral'), /no "patch" on "pods\/ephemeralcontainers"/],
    ['ephemeral', lacks('getExec'), /no "get" on "pods\/exec"/],
    ['ephemeral', { podSecurity: 'restricted' }, /"shop" enforces the pod security level "restricted"/],
    ['node-pod', { isWindows: true }, /Windows/],
    ['node-pod', { ...lacks('createPods'), nodePodNamespace: 'tools' }, /no "create" on "pods" in .* "tools"/],
    ['node-pod', { ...lacks('getNodeExec'), nodePodNamespace: 'tools' }, /no "get" on "pods\/exec" in .* "tools"/],
    ['node-pod', { nodePodSecurity: 'restricted' }, /"restricted"/],
    ['node-pod', { nodePodSecurity: 'baseline' }, /"baseline"/],
  ])('%s with %j', (via, facts, reason) => {
    expect(plan(via, facts)).toMatchObject({ state: 'refused', reason: expect.stringMatching(reason) })
    // Consent gives no right.
    expect(plan(via, facts, ['ephemeral', 'node-pod']).state).toBe('refused')
  })

  test.each<[string, Partial<RouteFacts>]>([
    ['kubectl', { execFailure: forbidden, rights: { ...noRights, createExec: true } }],
    ['ssh', { sshHost: 'worker-1' }],
  ])('%s is open with %j', (via, facts) => {
    expect(plan(via, facts).state).toBe('open')
  })

  test.each<[string, Partial<RouteFacts>]>([
    ['ephemeral', { podSecurity: 'baseline' }],
    ['ephemeral', { podSecurity: 'privileged', minorVersion: 23 }],
    ['ephemeral', { nodePodSecurity: 'restricted', ...lacks('createPods') }],
    ['node-pod', { podSecurity: 'restricted', minorVersion: 19, ...lacks('patchEphemeral') }],
    ['node-pod', { execFailure: forbidden, ...lacks('getExec') }],
    ['node-pod', { isStatic: true }],
    ['node-pod', { execFailure: refusedByPolicy, nodePodNamespace: 'kube-system' }],
    ['ephemeral', { ...lacks('createExec'), minorVersion: 34 }],
  ])("%s is not closed by %j, which are another's facts", (via, facts) => {
    expect(plan(via, facts).state).toBe('consent')
  })
})

describe('the remedy of a refusal', () => {
  test.each<[string, Partial<RouteFacts>, readonly string[]]>([
    ['node-pod', { nodePodSecurity: 'baseline' }, ['--debug-namespace kube-system']],
    ['ssh', {}, ['--ssh-host NODE --ssh-user root']],
  ])('%s with %j', (via, facts, lift) => {
    expect(plan(via, facts).lift.map((hint) => formatHint(hint))).toEqual(lift)
  })

  test('no hint suggests lowering the pod security of a namespace', () => {
    expect(plan('ephemeral', { podSecurity: 'restricted' }).lift).toEqual([])
  })

  test('a Windows node or an old cluster has no line to paste', () => {
    expect(plan('ephemeral', { minorVersion: 20 }).lift).toEqual([])
    expect(plan('node-pod', { isWindows: true }).lift).toEqual([])
  })
})

const yesNo = fc.constantFrom(true, false, undefined)
const anyFacts = fc.record({
  namespace: fc.string(),
  execFailure: fc.constantFrom(undefined, noShell, forbidden),
  rights: fc.record({
    getExec: yesNo,
    createExec: yesNo,
    patchEphemeral: yesNo,
    createPods: yesNo,
    deletePods: yesNo,
    getNodeExec: yesNo,
    createNodeExec: yesNo,
  }),
  hasKubectl: fc.constantFrom(true, false),
  minorVersion: fc.constantFrom(undefined, 19, 23, 34, 36),
  podSecurity: fc.constantFrom('none', 'unknown', 'privileged', 'baseline', 'restricted', 'new-level'),
  nodePodSecurity: fc.constantFrom('none', 'unknown', 'privileged', 'baseline', 'restricted', 'new-level'),
  nodePodNamespace: fc.string(),
  isWindows: fc.constantFrom(true, false),
  isStatic: fc.constantFrom(true, false),
  sshHost: fc.option(fc.string(), { nil: undefined }),
})
const anyConsent = fc.subarray<CreatingRoute>(['ephemeral', 'node-pod'])

test('whatever the facts, the plan has each route once and in the same order, with a reason', () => {
  fc.assert(
    fc.property(anyFacts, anyConsent, (facts, consent) => {
      const routes = planRoutes(facts, new Set(consent))
      expect(routes.map(({ via }) => via)).toEqual(order)
      expect(routes.every(({ reason }) => reason !== '')).toBe(true)
    }),
  )
})

test('whatever the facts, nothing that creates is open without consent', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const creating = planRoutes(facts, new Set()).filter(({ via }) => via === 'ephemeral' || via === 'node-pod')
      expect(creating.map(({ state }) => state)).not.toContain('open')
    }),
  )
})

test('no route is refused for an unknown right', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const untold = planRoutes({ ...facts, execFailure: undefined, rights: noRights }, new Set())
      for (const { reason } of untold) expect(reason).not.toContain('the login has no')
    }),
  )
})
