/**
 * Returns whether a text is a CPU or memory quantity as the API writes it: `100m`, `0.5`, `256Mi`.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function isKubeQuantity(text: string): boolean {
  return /^\d{1,9}(\.\d{1,9})?(m|k|M|G|Ki|Mi|Gi)?$/.test(text)
}
