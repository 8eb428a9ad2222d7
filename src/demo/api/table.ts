import type { KubeObject } from '../cluster/kube-object.ts'
import { columnsOf } from './table-columns.ts'

/** Returns whether the client prefers a Table. The first type in an Accept header decides. */
export function wantsTable(accept: string | undefined): boolean {
  const first = (accept ?? '').split(',')[0] ?? ''
  return /;\s*as=Table/i.test(first) && /;\s*g=meta\.k8s\.io/i.test(first)
}

/** Returns objects as a Table. https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables */
export function formatTable(
  plural: string,
  objects: readonly KubeObject[],
  metadata: object,
  includeObject: string | null,
  nowMs = Date.now(),
): object {
  const { columns, cells } = columnsOf(plural)
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns,
    rows: objects.map((object) => ({ cells: cells(object, nowMs), ...rowObject(object, includeObject) })),
  }
}

function rowObject(object: KubeObject, includeObject: string | null): { object?: unknown } {
  if (includeObject === 'None') return { object: null }
  if (includeObject === 'Object') return { object }
  return { object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata } }
}
