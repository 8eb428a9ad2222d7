import type { V1LabelSelector, V1LabelSelectorRequirement } from '@kubernetes/client-node'

/** Maximum number of requirements: more than anybody writes down. A query with thousands would be longer than an API server takes. */
const maxRequirements = 100
const maxValues = 1_000
/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const keyPattern = /^[\w./-]{1,317}$/
const valuePattern = /^[\w.-]{0,63}$/

/**
 * Formats a selector as a query: `app=orders,tier in (web,api),!canary`; '' for none. A selector that Kubernetes does not allow also becomes '': a
 * part of it would select other pods.
 */
export function formatSelector(selector: V1LabelSelector | undefined): string {
  const { matchLabels, matchExpressions } = selector ?? {}
  const labels = formatRequirements(Object.entries(matchLabels ?? {}), formatLabel)
  const expressions = Array.isArray(matchExpressions ?? [])
    ? formatRequirements(matchExpressions ?? [], formatExpression)
    : undefined
  if (labels === undefined || expressions === undefined) return ''
  return [...labels, ...expressions].join(',')
}

/** Formats a map of labels as a query. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  return formatRequirements(Object.entries(labels ?? {}), formatLabel)?.join(',') ?? ''
}

/** Formats requirements; returns undefined when one of them is invalid. */
function formatRequirements<Requirement>(
  requirements: readonly Requirement[],
  format: (requirement: Requirement) => string | undefined,
): string[] | undefined {
  if (requirements.length > maxRequirements) return undefined
  const formatted = requirements.map(format).filter((text) => text !== undefined)
  return formatted.length === requirements.length ? formatted : undefined
}

function formatLabel([key, value]: readonly [string, unknown]): string | undefined {
  return keyPattern.test(key) && isValue(value) ? `${key}=${value}` : undefined
}

function formatExpression(expression: V1LabelSelectorRequirement | null): string | undefined {
  const { key, operator, values } = expression ?? {}
  if (typeof key !== 'string' || !keyPattern.test(key)) return undefined
  if (operator === 'Exists') return key
  if (operator === 'DoesNotExist') return `!${key}`
  const isList = Array.isArray(values) && values.length <= maxValues && values.every(isValue)
  if (!isList || (operator !== 'In' && operator !== 'NotIn')) return undefined
  return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`
}

function isValue(value: unknown): value is string {
  return typeof value === 'string' && valuePattern.test(value)
}
