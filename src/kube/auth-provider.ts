import { contextWords, type Hint, line, noted } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { AuthProviderEntry } from './kubeconfig-entries.ts'

/** kubectl's messages for the providers that client-go has removed (plugin/pkg/client/auth/azure, gcp). */
const removed: Readonly<Record<string, readonly string[]>> = {
  azure: [
    'The azure auth plugin has been removed.',
    'Please use the https://github.com/Azure/kubelogin kubectl/client-go credential plugin instead.',
    'See https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins for further details',
  ],
  gcp: [
    'The gcp auth plugin has been removed.',
    'Please use the "gke-gcloud-auth-plugin" kubectl/client-go credential plugin instead.',
    'See https://cloud.google.com/blog/products/containers-kubernetes/kubectl-auth-changes-in-gke for further details',
  ],
}

/** Margin before expiry: a token that is about to expire would be refused on arrival. */
const expiryMarginMs = 10_000

export interface ProvidedToken {
  readonly token: string
  readonly expiresMs: number
}

/**
 * Returns a function for the token of an `auth-provider`. client-go supports only `oidc` now. kcap takes the id-token in the kubeconfig and leaves
 * renewing it to kubectl, which writes the new one there. It never runs or asks the provider.
 * @throws {KcapError} auth-provider-failed — when the provider is another one, or is oidc without issuer or client
 * @throws {KcapError} auth-provider-failed — from the returned function, when there is no valid id-token
 */
export function readAuthProvider(context: string, { name = '', config = {} }: AuthProviderEntry): () => ProvidedToken {
  const [sentence, ...hints] = removed[name] ?? []
  if (sentence !== undefined) throw failure(context, sentence, hints)
  if (name !== 'oidc') throw failure(context, `no Auth Provider found for name "${name}"`)
  for (const key of ['idp-issuer-url', 'client-id']) if (!config[key]) throw failure(context, `Must provide ${key}`)
  return () => {
    const token = config['id-token'] ?? ''
    const expiresMs = readExpiry(token)
    if (expiresMs !== undefined && Date.now() + expiryMarginMs < expiresMs) return { token, expiresMs }
    const state = expiresMs === undefined ? 'its oidc user has no valid id-token' : 'its id-token has expired'
    throw failure(context, `${state}, and kcap renews none`, [
      noted(
        'kubectl renews it where there is a refresh-token',
        line('kubectl', ...contextWords(context), 'get', 'pods'),
      ),
    ])
  }
}

/** Returns the `exp` of a JSON Web Token (RFC 7519); undefined for other text. A token without `exp` counts as expired, as in client-go. */
function readExpiry(token: string): number | undefined {
  const [, payload = '', ...others] = token.split('.')
  if (others.length !== 1) return undefined
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { exp?: unknown }
    return typeof exp === 'number' ? exp * 1000 : 0
  } catch {
    return undefined
  }
}

function failure(context: string, state: string, hints: readonly Hint[] = []): KcapError {
  return new KcapError('auth-provider-failed', `cannot log in to the context "${context}": ${state}`, {
    hints: hints.length > 0 ? hints : [line('kubectl', 'config', 'view', ...contextWords(context), '--minify')],
  })
}
