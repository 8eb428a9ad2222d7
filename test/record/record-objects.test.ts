import yaml from 'js-yaml'
import { expect, test } from 'vitest'
import { formatYaml } from '../../src/kube/format-yaml.ts'
import { jobName, makeRecorderJob, makeRecordRights, type RecordSpec } from '../../src/record/record-objects.ts'
import { recordSpec } from '../support/record-spec.ts'

const spec = recordSpec
const containerOf = (more: Partial<RecordSpec> = {}) => {
  const [container] = makeRecorderJob({ ...spec, ...more }, 'node-1').spec?.template.spec?.containers ?? []
  if (container === undefined) throw new Error('the job has no container')
  return container
}
const podOf = (more: Partial<RecordSpec> = {}) => makeRecorderJob({ ...spec, ...more }, 'node-1').spec?.template.spec

test('a recorder may read pods in the namespaces of its targets, and nothing else', () => {
  const { account, roles, bindings } = makeRecordRights(spec)
  expect(account?.metadata).toMatchObject({ name: 'kcap-orders-7f3a', namespace: 'shop' })
  expect(roles.map(({ metadata, rules }) => [metadata?.namespace, rules])).toEqual(
    ['shop', 'staging'].map((namespace) => [
      namespace,
      [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
    ]),
  )
  expect(bindings.map(({ subjects }) => subjects?.[0])).toEqual(
    Array(2).fill({ kind: 'ServiceAccount', name: 'kcap-orders-7f3a', namespace: 'shop' }),
  )
})

test('a recorder that watches nothing gets no account and no token', () => {
  const description = { ...spec.description, argv: ['local'], namespaces: [] }
  expect(makeRecordRights({ ...spec, description })).toEqual({ account: undefined, roles: [], bindings: [] })
  expect(podOf({ description })).toMatchObject({ automountServiceAccountToken: false })
  expect(podOf({ description })).not.toHaveProperty('serviceAccountName')
  expect(containerOf({ description }).args).toEqual(['local'])
})

test('an account of the user is used, and none is created', () => {
  expect(makeRecordRights({ ...spec, serviceAccount: 'mine' }).account).toBe(undefined)
  expect(podOf({ serviceAccount: 'mine' })?.serviceAccountName).toBe('mine')
})

test('a recorder drops all capabilities but five, and writes to its volumes only', () => {
  expect(containerOf().securityContext).toMatchObject({
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'], add: ['NET_RAW', 'SYS_ADMIN', 'SYS_PTRACE', 'SETUID', 'SETGID'] },
  })
  expect(podOf()?.securityContext).toEqual({ seccompProfile: { type: 'RuntimeDefault' } })
})

test('a job has a deadline, is removed after its end, and its volume is bounded', () => {
  const job = makeRecorderJob(spec, 'node-1')
  expect(job.spec).toMatchObject({ activeDeadlineSeconds: 3600, ttlSecondsAfterFinished: 300 })
  const limit = Number(podOf()?.volumes?.[0]?.emptyDir?.sizeLimit)
  expect(limit).toBeGreaterThan(500_000_000)
  expect(limit).toBeLessThan(600_000_000)
  expect(containerOf().resources).toEqual({
    requests: { cpu: '100m', memory: '128Mi', 'ephemeral-storage': '500000000' },
    limits: { cpu: '500m', memory: '256Mi' },
  })
})

test('names of jobs differ by node and fit into a label', () => {
  const name = 'a'.repeat(44)
  const names = ['node-1', 'node-2', `${'n'.repeat(253)}`].map((node) => jobName(name, node))
  expect(new Set(names).size).toBe(3)
  expect(Math.max(...names.map((text) => text.length))).toBeLessThanOrEqual(63)
})

test('the YAML of all objects reads back as the same objects', () => {
  const { account, roles, bindings } = makeRecordRights(spec)
  const objects = [account ?? {}, ...roles, ...bindings, makeRecorderJob(spec, 'node-1')]
  expect(yaml.loadAll(formatYaml(objects))).toEqual(JSON.parse(JSON.stringify(objects)))
})
