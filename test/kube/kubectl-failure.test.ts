import { expect, test } from 'vitest'
import { readKubectlFailure } from '../../src/kube/kubectl-failure.ts'

const request = { namespace: 'shop', pod: 'orders-6c9f', container: 'api', argv: ['sh', '-c', 'true'] }
const server = new URL('https://10.0.0.1:6443')

/** What kubectl 1.20 and 1.34 print, word by word. */
const rows: readonly [string, string, string, number, string][] = [
  [
    'Error from server (Forbidden): pods "orders-6c9f" is forbidden: User "viewer" cannot create resource "pods/exec" in API group "" in the namespace "shop"',
    'api-forbidden',
    'cannot create pods/exec in the namespace "shop": user "viewer" is not allowed to',
    5,
    'the missing right is "create" on "pods/exec"',
  ],
  [
    'error: unable to upgrade connection: pods "orders-6c9f" is forbidden: User "oidc:ann smith" cannot create resource "pods/exec" in API group "" in the namespace "shop"',
    'api-forbidden',
    'cannot create pods/exec in the namespace "shop": user "oidc:ann smith" is not allowed to',
    5,
    'the missing right is "create" on "pods/exec"',
  ],
  [
    'Error from server (NotFound): pods "orders-6c9f" not found',
    'pod-not-found',
    'cannot capture in "shop/orders-6c9f": the pod is gone',
    3,
    'kcap list pods -n shop',
  ],
  [
    'Error from server (BadRequest): container api is not valid for pod orders-6c9f',
    'container-not-found',
    'cannot capture in "shop/orders-6c9f": it has no container "api"',
    3,
    "kubectl get pod -n shop orders-6c9f -o 'jsonpath={.spec.containers[*].name}'",
  ],
  [
    'error: container api is not valid for pod orders-6c9f out of: app, proxy',
    'container-not-found',
    'cannot capture in "shop/orders-6c9f": it has no container "api"',
    3,
    "kubectl get pod -n shop orders-6c9f -o 'jsonpath={.spec.containers[*].name}'",
  ],
  [
    'error: Internal error occurred: error executing command in container: failed to exec in container: OCI runtime exec failed: exec failed: unable to start container process: exec: "sh": executable file not found in $PATH: unknown',
    'no-shell',
    'cannot capture in "shop/orders-6c9f": its container has no "sh"',
    6,
    'another container of the pod may have it, for all share one network: --container NAME',
  ],
  [
    'error: You must be logged in to the server (Unauthorized)',
    'api-unauthorized',
    'cannot log in to "10.0.0.1:6443": the API server does not accept the login (401)',
    4,
    'see whether kubectl can log in: kubectl get pods',
  ],
  [
    'Unable to connect to the server: dial tcp 10.0.0.1:6443: connect: connection refused',
    'kubectl-failed',
    'cannot capture in "shop/orders-6c9f" through kubectl: Unable to connect to the server: dial tcp 10.0.0.1:6443: connect: connection refused',
    4,
    'see whether kubectl can do it by hand: kubectl exec -n shop orders-6c9f -c api -- true',
  ],
]

test.each(rows)('kubectl says "%s"', (said, code, message, exitCode, hint) => {
  const error = readKubectlFailure(`kcap: something of the remote side\n${said}\n`, request, server)
  expect([error?.code, error?.message, error?.exitCode]).toEqual([code, message, exitCode])
  expect(error?.hints).toContain(hint)
})

test("a program's own end is no failure of kubectl", () => {
  expect(readKubectlFailure('tcpdump: error\ncommand terminated with exit code 1\n', request, server)).toBeUndefined()
  expect(readKubectlFailure('', request, server)).toBeUndefined()
})
