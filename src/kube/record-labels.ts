// Tested by test/record/create-record.test.ts.

/** Labels of everything that belongs to a record. */
export const recordLabels = { 'app.kubernetes.io/managed-by': 'kcap', 'app.kubernetes.io/name': 'kcap-record' } as const
export const recordSelector = Object.entries(recordLabels)
  .map(([key, value]) => `${key}=${value}`)
  .join(',')
/** Label with the name of the record. */
export const recordLabel = 'kcap/record'
/** Label with the namespace of the record's jobs: roles are in the namespaces of the pods. */
export const recordNamespaceLabel = 'kcap/record-namespace'
