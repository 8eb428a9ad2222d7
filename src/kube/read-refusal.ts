import type { IncomingMessage } from 'node:http'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { noJson, type RefuseAnswer } from './json-splitter.ts'
import { type KubeAction, toApiError } from './kube-error.ts'

/** Maximum size of a refusal that is read: the texts of admission webhooks have no limit of their own. */
const maxRefusalBytes = 64 * 1024
/** Time limit from the status of a refusal to the end of its text. */
const refusalTimeoutMs = 3_000

/** Returns a function that makes the error for an answer that no API server sends. */
export function refuseAnswer(
  { server }: ClusterAccess,
  { path, action }: { readonly path: string; readonly action: KubeAction },
): RefuseAnswer {
  return (state, cause) =>
    new KcapError('api-failed', `cannot ${action.verb} ${action.resource} of "${server.host}": ${state}`, {
      hints: [
        ...(state === noJson ? ['is it an API server? a login page of a proxy may answer in its place'] : []),
        line('kubectl', 'get', '--raw', path),
      ],
      ...(cause !== undefined && { cause }),
    })
}

/**
 * Returns whether the request succeeded; false for a 404.
 * @throws {KcapError} api-*, admission-refused — when it is refused
 */
export async function isAccepted(
  access: ClusterAccess,
  action: KubeAction,
  response: IncomingMessage,
): Promise<boolean> {
  const { statusCode = 0 } = response
  if (statusCode >= 200 && statusCode <= 299) return true
  const text = await readRefusal(response)
  if (statusCode === 404) return false
  throw toApiError(access, action, statusCode, text)
}

/** Returns the beginning of a refusal's text, as far as it arrives. */
export async function readRefusal(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  const timer = setTimeout(() => response.destroy(), refusalTimeoutMs)
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      // A copy: a few bytes would keep everything in memory that was read from the socket.
      chunks.push(Buffer.from(chunk))
      length += chunk.length
      if (length >= maxRefusalBytes) break
    }
  } catch {
    // The status alone shows that it is a refusal.
  } finally {
    clearTimeout(timer)
  }
  return Buffer.concat(chunks).toString('utf8', 0, maxRefusalBytes)
}
