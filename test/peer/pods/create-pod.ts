import { randomInt, randomUUID } from 'node:crypto'
import { isStatus, notFound, type Status } from '../../../src/demo/api/status.ts'
import { formatKubeTime, type ObjectMetadata, type Pod } from '../../../src/demo/cluster/kube-object.ts'
import { refuseByPodSecurity } from '../admission/pod-security.ts'
import { alreadyExists } from '../api/failures.ts'
import { invalid } from '../api/field-errors.ts'
import type { JsonFields } from '../api/json-fields.ts'
import { defaultPod, qosClassOf } from './default-pod.ts'
import type { PodWrite, PodWriter } from './pod-write.ts'
import { readPod } from './read-pod.ts'
import { validateNewPod } from './validate-pod.ts'

/** k8s.io/apimachinery/pkg/util/rand: no vowels, and nothing that looks like another. */
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789'
const suffixLength = 5

export function createPod(writer: PodWriter, namespace: string, write: PodWrite): Pod | Status {
  const sent = readPod(write.body, write.contentType, namespace)
  if (isStatus(sent)) return sent
  const home = writer.store.get('namespaces', undefined, namespace)
  if (home === undefined) return notFound({ group: '', plural: 'namespaces' }, namespace)
  const pod = defaultPod(makeNewPod(sent, namespace))
  const { name } = pod.metadata
  const errors = validateNewPod(pod)
  if (errors.length > 0) return invalid('Pod', name, errors)
  const refusal = refuseByPodSecurity(home, pod)
  if (refusal !== undefined) return refusal
  if (writer.pods.find(`${namespace}/${name}`) !== undefined) return alreadyExists({ group: '', plural: 'pods' }, name)
  pod.status.qosClass = qosClassOf(pod)
  if (write.isDryRun) return pod
  const created = writer.pods.put(pod)
  writer.kubelet.sync(created)
  return created
}

/** Returns what the client sent, except the fields that only the server sets. */
function makeNewPod(sent: JsonFields, namespace: string): Pod {
  const metadata = (sent.metadata ?? {}) as Partial<ObjectMetadata>
  const { name = '', generateName = '' } = metadata
  return {
    ...sent,
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      ...metadata,
      name: name === '' && generateName !== '' ? `${generateName}${makeSuffix()}` : name,
      namespace,
      uid: randomUUID(),
      resourceVersion: '',
      generation: 1,
      creationTimestamp: formatKubeTime(Date.now()),
    },
    spec: { ...(sent.spec as Pod['spec'] | undefined) } as Pod['spec'],
    status: { phase: 'Pending', conditions: [] },
  }
}

function makeSuffix(): string {
  return Array.from({ length: suffixLength }, () => suffixLetters[randomInt(suffixLetters.length)]).join('')
}
