import { badRequest, type Status } from '../../../src/demo/api/status.ts'
import type { Pod } from '../../../src/demo/cluster/kube-object.ts'
import { conflict } from '../api/failures.ts'
import { isJsonFields } from '../api/json-fields.ts'
import type { PodWrite, PodWriter } from './pod-write.ts'

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/delete-options/ */
interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly dryRun?: readonly string[]
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

const defaultGraceSeconds = 30

export function deletePod(writer: PodWriter, pod: Pod, write: PodWrite): Pod | Status {
  const options = readOptions(write)
  if ('code' in options) return options
  const refusal = checkPreconditions(pod, options.preconditions ?? {})
  if (refusal !== undefined) return refusal
  const graceSeconds = chooseGrace(pod, options.gracePeriodSeconds)
  if (write.isDryRun || options.dryRun?.includes('All')) return pod
  const left = pod.metadata.deletionGracePeriodSeconds
  if (left !== undefined && graceSeconds >= left) return pod
  return writer.kubelet.terminate(pod, graceSeconds)
}

function readOptions({ body, query }: PodWrite): DeleteOptions | Status {
  if (body.length > 0) {
    try {
      const sent: unknown = JSON.parse(body.toString('utf8'))
      if (isJsonFields(sent)) return sent
    } catch {}
    return badRequest("couldn't get version/kind; json parse error")
  }
  const grace = query.get('gracePeriodSeconds')
  return grace === null ? {} : { gracePeriodSeconds: Number(grace) }
}

/** k8s.io/apiserver/pkg/registry/rest/delete.go, BeforeDelete: there the resource is called by its kind. */
function checkPreconditions(
  { metadata }: Pod,
  { uid, resourceVersion }: NonNullable<DeleteOptions['preconditions']>,
): Status | undefined {
  const refuse = (what: string, asked: string, present: string, since: string) =>
    conflict(
      { group: '', plural: 'Pod' },
      metadata.name,
      `the ${what} in the precondition (${asked}) does not match the ${what} in record (${present}). The object might have been ${since}`,
    )
  if (uid !== undefined && uid !== metadata.uid) return refuse('UID', uid, metadata.uid, 'deleted and then recreated')
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    return refuse('ResourceVersion', resourceVersion, metadata.resourceVersion, 'modified')
  return undefined
}

/** k8s.io/kubernetes/pkg/registry/core/pod/strategy.go, CheckGracefulDelete. */
function chooseGrace({ spec, status }: Pod, asked: number | undefined): number {
  if (spec.nodeName === undefined || status.phase === 'Failed' || status.phase === 'Succeeded') return 0
  const seconds = asked ?? spec.terminationGracePeriodSeconds ?? defaultGraceSeconds
  return seconds < 0 ? 1 : seconds
}
