import type { User } from '../../../src/demo/api/authorize.ts'
import { type RequestHandler, readBody } from '../../../src/demo/api/request-handler.ts'
import { methodNotAllowed, sendJson, sendStatus } from '../../../src/demo/api/status.ts'

/** Answers `kubectl auth whoami`. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/self-subject-review-v1/ */
export const reviewUser: RequestHandler = async ({ request, response, method, url, user }) => {
  if (url.pathname !== '/apis/authentication.k8s.io/v1/selfsubjectreviews') return false
  if (method !== 'POST') sendStatus(response, methodNotAllowed())
  else {
    await readBody(request)
    sendJson(response, 201, formatReview(user))
  }
  return true
}

function formatReview({ name }: User): object {
  return {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: null },
    status: { userInfo: { username: name, groups: ['system:authenticated'] } },
  }
}
