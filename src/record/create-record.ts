import type { V1Job, V1OwnerReference, V1Pod } from '@kubernetes/client-node'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { forEachAtATime } from './at-a-time.ts'
import { makeRecorderJob, makeRecordRights, type RecordSpec, referTo } from './record-objects.ts'
import { isConflict, isNotFound, type TypedClients } from './typed-clients.ts'

/**
 * Lets the API server check everything that a record consists of, and creates nothing: rights, quota, pod security, policies.
 * @throws {KcapError} api-forbidden, admission-refused, namespace-not-found, api-* — when it refuses an object
 */
export async function checkRecord({ core, batch, rbac }: TypedClients, spec: RecordSpec, node: string): Promise<void> {
  const dryRun = 'All'
  const { account, roles, bindings } = makeRecordRights(spec)
  const job = makeRecorderJob(spec, node)
  try {
    if (account !== undefined)
      await core.createNamespacedServiceAccount({ namespace: spec.namespace, body: account, dryRun }).catch(ignoreOwn)
    for (const body of roles)
      await rbac.createNamespacedRole({ namespace: placeOf(body), body, dryRun }).catch(ignoreOwn)
    for (const body of bindings)
      await rbac.createNamespacedRoleBinding({ namespace: placeOf(body), body, dryRun }).catch((error: unknown) => {
        // The API server looks up the role, which does not exist yet.
        if (!isNotFound(error)) ignoreOwn(error)
      })
    await batch.createNamespacedJob({ namespace: spec.namespace, body: job, dryRun }).catch(ignoreOwn)
    await core.createNamespacedPod({ namespace: spec.namespace, body: makePod(job), dryRun }).catch(ignoreForbidden)
  } catch (error) {
    throw explainRefusal(error, spec)
  }
}

/** Makes the pod that a job would create, with the account that every namespace has. */
function makePod({ metadata, spec }: V1Job): V1Pod {
  const { serviceAccountName: _own, ...rest } = spec?.template.spec ?? { containers: [] }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...spec?.template.metadata, name: `${metadata?.name ?? ''}-check` },
    spec: { ...rest, automountServiceAccountToken: false },
  }
}

/**
 * Creates the objects of a record; those that exist already stay as they are. Afterwards the jobs own the rest, so that Kubernetes deletes it with
 * the last of them. Calls `onCreated` after each job.
 * @throws {KcapError} api-forbidden, admission-refused, namespace-not-found, api-* — when an object can't be created
 */
export async function createRecord(
  clients: TypedClients,
  spec: RecordSpec,
  nodes: readonly string[],
  onCreated: (count: number) => void = () => {},
): Promise<void> {
  const { core, batch, rbac } = clients
  const { namespace } = spec
  const { account, roles, bindings } = makeRecordRights(spec)
  const jobs: V1Job[] = []
  try {
    if (account !== undefined) await core.createNamespacedServiceAccount({ namespace, body: account }).catch(ignoreOwn)
    await forEachAtATime(roles, async (body) => {
      await rbac.createNamespacedRole({ namespace: placeOf(body), body }).catch(ignoreOwn)
    })
    await forEachAtATime(bindings, async (body) => {
      await rbac.createNamespacedRoleBinding({ namespace: placeOf(body), body }).catch(ignoreOwn)
    })
    await forEachAtATime(nodes, async (node) => {
      const body = makeRecorderJob(spec, node)
      const created = await batch.createNamespacedJob({ namespace, body }).catch(ignoreOwn)
      if (created !== undefined) jobs.push(created)
      onCreated(jobs.length)
    })
    await addOwners(clients, spec, jobs.map(referTo))
  } catch (error) {
    throw explainRefusal(error, spec)
  }
}

/** Makes the jobs owners of what lets them read pods, in addition to those that own it already. Owners must be in the same namespace. */
async function addOwners(
  { core, rbac }: TypedClients,
  spec: RecordSpec,
  ownerReferences: readonly V1OwnerReference[],
): Promise<void> {
  if (ownerReferences.length === 0) return
  const { namespace } = spec
  const { account, roles } = makeRecordRights(spec)
  const name = account?.metadata?.name
  if (name === undefined) return
  const owned = { namespace, name, body: { metadata: { ownerReferences } } }
  await core.patchNamespacedServiceAccount(owned)
  if (!roles.some((role) => placeOf(role) === namespace)) return
  await rbac.patchNamespacedRole(owned)
  await rbac.patchNamespacedRoleBinding(owned)
}

/** Ignores that an object is there already: another start of the same record has created it. */
function ignoreOwn(error: unknown): undefined {
  if (!isConflict(error)) throw error
  return undefined
}

/** Ignores that the login may not create pods: jobs create them. */
function ignoreForbidden(error: unknown): undefined {
  if (!(error instanceof KcapError && error.code === 'api-forbidden')) throw error
  return undefined
}

function placeOf({ metadata }: { metadata?: { namespace?: string } }): string {
  return metadata?.namespace ?? ''
}

function explainRefusal(error: unknown, { namespace, description }: RecordSpec): unknown {
  if (isNotFound(error))
    return new KcapError('namespace-not-found', `cannot record in "${namespace}": there is no such namespace`, {
      hints: [line('kcap', 'list', 'namespaces')],
      cause: error,
    })
  if (!(error instanceof KcapError)) return error
  if (error.code === 'api-forbidden')
    return new KcapError(error.code, error.message, {
      hints: [...error.remedies, line('kcap', 'doctor', '--record', '-n', namespace)],
      cause: error,
      facts: error.facts,
    })
  if (error.code !== 'admission-refused') return error
  const others = description.namespaces.includes(namespace) ? namespace : description.namespaces[0]
  return new KcapError(error.code, error.message.replace(/^cannot \w+ pods/, 'cannot create recorders'), {
    hints: [
      'recorders may run in another namespace than the pods: --debug-namespace NS',
      line('kcap', 'doctor', '--record', '-n', others ?? namespace),
    ],
    cause: error,
    facts: error.facts,
  })
}
