import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { generate } from 'selfsigned'
import { afterAll, beforeAll, expect } from 'vitest'
import { runKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { debugImage, deleteOwnPods, expectNoOwnPods, findPod, hasLab, kubectl, lab, realTest, tshark } from './lab.ts'

/** A policy that lets nobody exec into the pods of shop, as Kyverno and Gatekeeper have them. */
const policy = `kcap-no-exec-${process.pid}`
/** This machine, as the lab's API server sees it. */
const address = '10.231.0.1'
const refusal = 'nobody enters these'
const environment = { KUBECONFIG: lab.kubeconfig }

let webhook: Server
let folder: string
let pod: string
beforeAll(async () => {
  if (!hasLab) return
  folder = await makeTempFolder()
  pod = `shop/${await findPod('orders')}`
  const made = await generate([{ name: 'commonName', value: policy }], {
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: address }] },
    ],
  })
  webhook = createServer({ key: made.private, cert: made.cert }, (request, response) => void refuse(request, response))
  webhook.listen(0, address)
  await once(webhook, 'listening')
  const { port } = webhook.address() as AddressInfo
  await kubectl('label', 'namespace', 'shop', `${policy}=`)
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CONNECT'], resources: ['pods/exec'] }
  await apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: policy },
    webhooks: [
      {
        name: 'no-exec.shop.example',
        clientConfig: {
          url: `https://${address}:${port}/`,
          caBundle: Buffer.from(made.cert).toString('base64'),
        },
        rules: [rule],
        namespaceSelector: { matchExpressions: [{ key: policy, operator: 'Exists' }] },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        // Should this test be killed, what it leaves harms nobody.
        failurePolicy: 'Ignore',
      },
    ],
  })
  // The API server hears of it a moment later.
  const isRefused = async () =>
    await kubectl('exec', '-n', 'shop', pod.slice(5), '-c', 'api', '--', 'true').then(
      () => false,
      () => true,
    )
  for (let i = 0; i < 50 && !(await isRefused()); i++);
}, 60_000)
afterAll(async () => {
  if (!hasLab) return
  await kubectl('delete', 'validatingwebhookconfiguration', policy)
  await kubectl('label', 'namespace', 'shop', `${policy}-`)
  webhook.closeAllConnections()
  webhook.close()
  await deleteOwnPods()
})

async function refuse(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const review = JSON.parse((await buffer(request)).toString()) as { request: { uid: string } }
  const answer = { uid: review.request.uid, allowed: false, status: { message: refusal } }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }))
}

async function apply(object: object): Promise<void> {
  const child = spawn(lab.kubectl, ['--kubeconfig', lab.kubeconfig, 'apply', '-f', '-'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  child.stdin.end(JSON.stringify(object))
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
}

realTest('an exec that a policy refuses is no missing right, and the error names the other routes', async () => {
  const { code, stderr } = await runKcap([pod, '-o', path.join(folder, 'refused.pcapng')], environment)
  expect([code, stderr.split('\n')[0]]).toEqual([
    5,
    `kcap: error: cannot get pods/exec in the namespace "shop": the cluster refuses it: admission webhook "no-exec.shop.example" denied the request: ${refusal}`,
  ])
  expect(stderr).not.toContain('kind: Role')
  // Nothing that needs exec there is offered, or created in vain.
  expect(stderr).toMatch(/^kcap: {3}hint: not via node-pod: it needs exec, .*: --debug-namespace kube-system$/m)
})

realTest('a route that the policy allows captures the pod', async () => {
  const file = path.join(folder, 'around.pcapng')
  const words = ['--yes', ...debugImage, '--debug-namespace', 'default', '-i', 'eth0', '--duration', '4']
  const { code, stderr } = await runKcap([pod, ...words, '-o', file], environment)
  expect(code, stderr).toBe(0)
  expect((await tshark(file)).split('\n').length).toBeGreaterThan(2)
  await expectNoOwnPods('all')
})
