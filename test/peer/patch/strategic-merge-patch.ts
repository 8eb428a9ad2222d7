import { isJsonFields, type JsonFields } from '../api/json-fields.ts'

/** Lists of a Pod whose items are known by a field (`patchMergeKey` in k8s.io/api/core/v1/types.go). Other lists are replaced. */
const mergeKeys: Readonly<Record<string, string>> = {
  conditions: 'type',
  containers: 'name',
  env: 'name',
  ephemeralContainers: 'name',
  hostAliases: 'ip',
  imagePullSecrets: 'name',
  initContainers: 'name',
  ownerReferences: 'uid',
  ports: 'containerPort',
  resourceClaims: 'name',
  schedulingGates: 'name',
  topologySpreadConstraints: 'topologyKey',
  volumeDevices: 'devicePath',
  volumeMounts: 'mountPath',
  volumes: 'name',
}

const orderPrefix = '$setElementOrder/'

/** An item that does not say which one it is. */
export class MergeKeyError extends Error {}

/** https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md */
export function mergeStrategically(original: JsonFields, patch: JsonFields): JsonFields {
  if (patch.$patch === 'delete') return {}
  if (patch.$patch === 'replace') return withoutDirectives(patch)
  const merged = { ...original }
  for (const [field, value] of Object.entries(withoutDirectives(patch))) {
    const present = merged[field]
    const mergeKey = mergeKeys[field]
    if (value === null) delete merged[field]
    else if (isJsonFields(value)) merged[field] = mergeStrategically(isJsonFields(present) ? present : {}, value)
    else if (Array.isArray(value) && mergeKey !== undefined)
      merged[field] = mergeList(readItems(present), readItems(value), mergeKey)
    else merged[field] = value
  }
  for (const [directive, order] of Object.entries(patch)) {
    const field = directive.slice(orderPrefix.length)
    const mergeKey = mergeKeys[field]
    if (directive.startsWith(orderPrefix) && mergeKey !== undefined && Array.isArray(merged[field]))
      merged[field] = orderList(readItems(merged[field]), readItems(order), mergeKey)
  }
  return merged
}

function mergeList(original: readonly JsonFields[], patch: readonly JsonFields[], mergeKey: string): JsonFields[] {
  const replaces = patch.some((item) => item.$patch === 'replace' && item[mergeKey] === undefined)
  if (replaces) return patch.filter((item) => item.$patch === undefined)
  const merged = [...original]
  for (const item of patch) {
    const key = item[mergeKey]
    if (key === undefined)
      throw new MergeKeyError(`map: ${formatGoMap(item)} does not contain declared merge key: ${mergeKey}`)
    const at = merged.findIndex((present) => present[mergeKey] === key)
    if (item.$patch === 'delete') merged.splice(at, at < 0 ? 0 : 1)
    else if (at < 0) merged.push(mergeStrategically({}, item))
    else merged[at] = mergeStrategically(merged[at] as JsonFields, item)
  }
  return merged
}

/** Orders the items that the sender knew as the sender does; other items keep their places. */
function orderList(items: readonly JsonFields[], order: readonly JsonFields[], mergeKey: string): JsonFields[] {
  const ordered = order.flatMap((wanted) => items.filter((item) => item[mergeKey] === wanted[mergeKey]))
  let next = 0
  return items.map((item) => (ordered.includes(item) ? (ordered[next++] as JsonFields) : item))
}

function withoutDirectives(patch: JsonFields): JsonFields {
  return Object.fromEntries(Object.entries(patch).filter(([field]) => !field.startsWith('$')))
}

function readItems(list: unknown): JsonFields[] {
  return Array.isArray(list) ? list.filter(isJsonFields) : []
}

/** Formats a map as Go does with `%v`. */
function formatGoMap(fields: JsonFields): string {
  const names = Object.keys(fields).sort()
  return `map[${names.map((name) => `${name}:${formatGoValue(fields[name])}`).join(' ')}]`
}

function formatGoValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatGoValue).join(' ')}]`
  return isJsonFields(value) ? formatGoMap(value) : String(value)
}
