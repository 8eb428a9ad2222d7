import type { V1Pod } from '@kubernetes/client-node'
import { expect, test } from 'vitest'
import { findContainer, isRunning, listContainers } from '../../src/kube/pod-containers.ts'

const status = (name: string, state: object) => ({ name, state, image: '', imageID: '', ready: true, restartCount: 0 })
const pod: V1Pod = {
  spec: {
    containers: [{ name: 'api' }, { name: 'log' }],
    initContainers: [{ name: 'migrate' }, { name: 'proxy', restartPolicy: 'Always' }],
    ephemeralContainers: [{ name: 'debug' }],
  },
  status: {
    containerStatuses: [status('api', { running: {} }), status('log', { terminated: { exitCode: 0 } })],
    initContainerStatuses: [status('proxy', { running: {} })],
  },
}

test('containers are listed by what they are: app, sidecar, init, ephemeral', () => {
  expect(listContainers(pod).map(({ name, kind }) => `${kind} ${name}`)).toEqual([
    'app api',
    'app log',
    'sidecar proxy',
    'init migrate',
    'ephemeral debug',
  ])
})

test('a container runs when its own status says so', () => {
  const running = listContainers(pod).filter(isRunning)
  expect(running.map(({ name }) => name)).toEqual(['api', 'proxy'])
})

test('a container without a status is found, and one that the pod lacks is not', () => {
  expect(findContainer(pod, 'debug')).toMatchObject({ kind: 'ephemeral', status: undefined })
  expect(findContainer(pod, 'none')).toBeUndefined()
  expect(listContainers({})).toEqual([])
})
