import type { KubeObject } from '../cluster/kube-object.ts'

export type Selector = (object: KubeObject) => boolean

/** Selector that the API server refuses with 400. */
export class SelectorError extends Error {}

type Requirement = (labels: Readonly<Record<string, string>>) => boolean

/**
 * Parses a label selector. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 * @throws {SelectorError} when it is invalid
 */
export function parseLabelSelector(text: string): Selector {
  const requirements = splitOutsideParentheses(text)
    .filter((part) => part.trim() !== '')
    .map(parseRequirement)
  return (object) => requirements.every((holds) => holds(object.metadata.labels ?? {}))
}

function parseRequirement(text: string): Requirement {
  const part = text.trim()
  const set = /^([^\s!=(),]+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part)
  if (set !== null) {
    const [, key = '', operator, list = ''] = set
    const values = list.split(',').map((value) => value.trim())
    return operator === 'in'
      ? (labels) => labels[key] !== undefined && values.includes(labels[key])
      : (labels) => labels[key] === undefined || !values.includes(labels[key])
  }
  const equality = /^([^\s!=(),]+)\s*(==|=|!=)\s*([^\s!=(),]*)$/.exec(part)
  if (equality !== null) {
    const [, key = '', operator, value] = equality
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value
  }
  const existence = /^(!?)\s*([^\s!=(),]+)$/.exec(part)
  if (existence !== null) {
    const [, not, key = ''] = existence
    return not === '!' ? (labels) => labels[key] === undefined : (labels) => labels[key] !== undefined
  }
  throw new SelectorError(`unable to parse requirement: found '${part.slice(0, 40)}', expected: identifier`)
}

function splitOutsideParentheses(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++
    else if (text[i] === ')') depth--
    else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  return [...parts, text.slice(start)]
}

const fields: Readonly<Record<string, (object: KubeObject) => string>> = {
  'metadata.name': (object) => object.metadata.name,
  'metadata.namespace': (object) => object.metadata.namespace ?? '',
  'spec.nodeName': (object) => String(object.spec?.nodeName ?? ''),
  'status.phase': (object) => String(object.status?.phase ?? ''),
  'status.podIP': (object) => String(object.status?.podIP ?? ''),
  'spec.restartPolicy': (object) => String(object.spec?.restartPolicy ?? ''),
}

/**
 * Parses a field selector. https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/
 * @throws {SelectorError} when it is invalid or the field is not supported
 */
export function parseFieldSelector(text: string): Selector {
  const requirements = text
    .split(',')
    .filter((part) => part !== '')
    .map((part): Selector => {
      const match = /^([^!=]+)(==|=|!=)(.*)$/.exec(part)
      if (match === null) throw new SelectorError(`invalid selector: '${text}'; can't understand '${part}'`)
      const [, field = '', operator, value] = match
      const read = fields[field]
      if (read === undefined) throw new SelectorError(`field label not supported: ${field}`)
      return operator === '!=' ? (object) => read(object) !== value : (object) => read(object) === value
    })
  return (object) => requirements.every((holds) => holds(object))
}

export function parseSelectors(query: URLSearchParams): Selector {
  const byLabel = parseLabelSelector(query.get('labelSelector') ?? '')
  const byField = parseFieldSelector(query.get('fieldSelector') ?? '')
  return (object) => byLabel(object) && byField(object)
}
