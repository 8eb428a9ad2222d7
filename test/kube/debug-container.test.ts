import { describe, expect, test } from 'vitest'
import { makeEphemeralContainer, makeNodePod } from '../../src/kube/debug-container.ts'
import { defaultSettings } from '../../src/settings/settings.ts'

const debug = { ...defaultSettings('').debug, image: 'registry.example/debug:1' }
const command = ['sh', '-c', 'keeper']
const root = { runAsUser: 0, runAsGroup: 0, runAsNonRoot: false }

describe('a debug container', () => {
  test('is root with the four rights it takes to capture, and has nothing that the API forbids it', () => {
    // No ports, probes, lifecycle, resources: the API refuses an ephemeral container that has one.
    expect(makeEphemeralContainer('kcap-1', 'least', { debug, command })).toEqual({
      name: 'kcap-1',
      image: 'registry.example/debug:1',
      command,
      terminationMessagePolicy: 'File',
      securityContext: {
        ...root,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'], add: ['NET_RAW', 'NET_ADMIN', 'SETUID', 'SETGID'] },
      },
    })
  })

  test("with the runtime's own rights asks for none", () => {
    expect(makeEphemeralContainer('kcap-1', 'runtime-default', { debug, command }).securityContext).toEqual(root)
  })

  test('that is privileged says nothing of escalation, which the API would refuse', () => {
    const privileged = { ...debug, privileged: true }
    const { securityContext } = makeEphemeralContainer('kcap-1', 'least', { debug: privileged, command })
    expect(securityContext).toEqual({ ...root, privileged: true })
  })

  test('is pulled as it was said', () => {
    const wanted = { ...debug, pullPolicy: 'Never' as const }
    expect(makeEphemeralContainer('kcap-1', 'least', { debug: wanted, command }).imagePullPolicy).toBe('Never')
  })
})

describe('a pod on a node', () => {
  const options = { name: 'kcap-1', node: 'worker-1', owner: 'me@here 1 now', deadlineSeconds: 360, debug, command }

  test('is known by its labels and its owner', () => {
    expect(makeNodePod(options).metadata).toMatchObject({
      name: 'kcap-1',
      labels: { 'app.kubernetes.io/managed-by': 'kcap', 'app.kubernetes.io/name': 'kcap-capture' },
      annotations: { 'kcap/owner': 'me@here 1 now' },
    })
  })

  test('goes to its node whatever the taints, ends by itself, and gets no token of the API', () => {
    expect(makeNodePod(options).spec).toMatchObject({
      nodeName: 'worker-1',
      tolerations: [{ operator: 'Exists' }],
      restartPolicy: 'Never',
      activeDeadlineSeconds: 360,
      automountServiceAccountToken: false,
    })
  })

  test('shares the network and the processes of its node, and mounts nothing of it', () => {
    const { spec } = makeNodePod(options)
    expect([spec?.hostNetwork, spec?.hostPID, spec?.hostIPC, spec?.volumes]).toEqual([true, true, undefined, undefined])
  })

  test('has the rights to capture and to enter the network of a pod, and no others', () => {
    expect(makeNodePod(options).spec?.containers[0]?.securityContext).toEqual({
      ...root,
      capabilities: {
        drop: ['ALL'],
        add: ['NET_RAW', 'NET_ADMIN', 'SETUID', 'SETGID', 'SYS_ADMIN', 'SYS_PTRACE'],
      },
    })
  })

  test('is privileged when it is asked for', () => {
    const { spec } = makeNodePod({ ...options, debug: { ...debug, privileged: true } })
    expect(spec?.containers[0]?.securityContext).toEqual({ ...root, privileged: true })
  })

  test('names the secret of its registry', () => {
    const { spec } = makeNodePod({ ...options, debug: { ...debug, pullSecret: 'registry' } })
    expect(spec?.imagePullSecrets).toEqual([{ name: 'registry' }])
  })
})
