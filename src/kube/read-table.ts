import type { ClusterAccess } from './cluster-access.ts'
import { collectList, type ListOptions } from './kube-objects.ts'
import type { ListedResource } from './resource-kinds.ts'

/** A column of `kubectl get`. */
export interface TableColumn {
  readonly name: string
  /** Priority; only `-o wide` shows columns above 0. */
  readonly priority: number
}

export interface TableRow {
  readonly name: string
  readonly namespace: string
  /** Cells of the columns that are read. */
  readonly cells?: readonly string[]
  /** Names of a pod's containers, if they were asked for. */
  readonly containers?: readonly string[]
}

/** Part of a table that is read: more takes more memory. */
export type TableDetail = 'names' | 'usual' | 'wide'

export interface ReadTableOptions extends ListOptions {
  readonly detail: TableDetail
  readonly withContainers?: boolean
}

export interface ObjectTable {
  readonly columns: readonly TableColumn[]
  readonly rows: readonly TableRow[]
}

/** Columns for a server without Tables. */
const plainColumns: readonly TableColumn[] = [
  { name: 'Name', priority: 0 },
  { name: 'Status', priority: 0 },
]

/**
 * Reads objects as the table that the API server prints of them, so that columns and values are those of `kubectl get`.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 * @throws {KcapError} api-* — when the list fails
 */
export async function readTable(
  access: ClusterAccess,
  listed: ListedResource,
  options: ReadTableOptions,
): Promise<ObjectTable> {
  const { detail } = options
  const isRead = (column: TableColumn | undefined) =>
    column !== undefined && (detail === 'wide' || (detail === 'usual' && column.priority === 0))
  let columns: readonly TableColumn[] | undefined
  const rows = await collectList(access, listed, options, ({ cells, object, ...item }, head): TableRow | undefined => {
    const { metadata: { name, namespace = '' } = {}, spec } = object ?? item
    if (name === undefined) return undefined
    columns ??= head.columnDefinitions?.map(({ name: column, priority = 0 }) => ({ name: column, priority }))
    return {
      name,
      namespace,
      ...(detail !== 'names' && {
        cells: (cells ?? [name, item.status?.phase ?? '']).filter((_cell, i) => isRead((columns ?? plainColumns)[i])),
      }),
      ...(options.withContainers === true && { containers: (spec?.containers ?? []).map((one) => one.name) }),
    }
  })
  return { columns: (columns ?? plainColumns).filter(isRead), rows }
}
