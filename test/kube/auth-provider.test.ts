import { expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { readAuthProvider } from '../../src/kube/auth-provider.ts'

const toToken = (claims: object) => ['{}', JSON.stringify(claims), ''].map((part) => btoa(part)).join('.')
const oidc = (token: string) => ({
  name: 'oidc',
  config: { 'idp-issuer-url': 'https://id.shop', 'client-id': 'kcap', 'id-token': token },
})

function failureOfCall(call: () => unknown): KcapError {
  try {
    call()
  } catch (error) {
    if (error instanceof KcapError) return error
  }
  throw new Error('it did not fail')
}

test('an id-token is valid until ten seconds before its end', () => {
  const endSeconds = Math.floor(Date.now() / 1_000) + 60
  const token = toToken({ exp: endSeconds })
  expect(readAuthProvider('shop', oidc(token))()).toEqual({ token, expiresMs: endSeconds * 1_000 })
  const soon = toToken({ exp: Math.floor(Date.now() / 1_000) + 5 })
  expect(failureOfCall(readAuthProvider('shop', oidc(soon))).message).toContain('its id-token has expired')
})

test.each([
  [toToken({}), 'its id-token has expired, and kcap renews none'],
  ['no.token', 'its oidc user has no valid id-token, and kcap renews none'],
  ['a.%%%.c', 'its oidc user has no valid id-token, and kcap renews none'],
])("the id-token %s is 'auth-provider-failed'", (token, state) => {
  const error = failureOfCall(readAuthProvider('shop', oidc(token)))
  expect([error.code, error.message, error.hints]).toEqual([
    'auth-provider-failed',
    `cannot log in to the context "shop": ${state}`,
    ['kubectl renews it where there is a refresh-token: kubectl --context shop get pods'],
  ])
})

test.each([
  [{ name: 'gcp' }, 'The gcp auth plugin has been removed.'],
  [{ name: 'other' }, 'no Auth Provider found for name "other"'],
  [{ name: 'oidc', config: { 'client-id': 'kcap' } }, 'Must provide idp-issuer-url'],
])('the provider %j is refused before a token is asked for: %s', (provider, state) => {
  expect(failureOfCall(() => readAuthProvider('shop', provider)).message).toBe(
    `cannot log in to the context "shop": ${state}`,
  )
})
