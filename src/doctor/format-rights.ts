import type { RouteName } from '../base/capture-request.ts'
import { formatGrant } from '../kube/grant.ts'
import { firstEphemeralVersion, type RouteFacts } from '../route/plan-routes.ts'
import { listRouteRights } from '../route/route-rights.ts'
import type { ReviewedRight } from './review-rights.ts'

/** Returns a Role and RoleBinding, as YAML to apply, with all permissions of the best route for the login; '' if it lacks none of them. */
export function formatMissingRights(
  facts: RouteFacts,
  rights: readonly ReviewedRight[],
  user: string | undefined,
  target: string,
): string {
  const via = chooseRoute(facts)
  if (via === undefined) return ''
  const isRefused = via === 'exec' && facts.execFailure?.code === 'api-forbidden'
  const lacksSome = rights.some(({ routes, allowed }) => allowed === false && routes.includes(via))
  if (!lacksSome && !isRefused) return ''
  return formatGrant({ user, purpose: `${target}:${via}`, rules: listRouteRights(via, facts) })
}

/** Returns the route that a login with every permission would take; undefined if there is none. */
function chooseRoute(facts: RouteFacts): RouteName | undefined {
  const { execFailure, isWindows } = facts
  if (execFailure === undefined || execFailure.code === 'api-forbidden') return 'exec'
  if (execFailure.code === 'admission-refused') return undefined
  if (hasEphemeral(facts)) return 'ephemeral'
  return isWindows ? undefined : 'node-pod'
}

function hasEphemeral({ minorVersion, podSecurity, isWindows, isStatic }: RouteFacts): boolean {
  const isThere = minorVersion === undefined || minorVersion >= firstEphemeralVersion
  return isThere && podSecurity !== 'restricted' && !isWindows && !isStatic
}
