import yaml from 'js-yaml'

/** A Role, RoleBinding or their kinds for the whole cluster. */
export interface RbacObject {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly rules?: readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[]
  readonly roleRef?: { readonly kind: string; readonly name: string }
  readonly subjects?: readonly { kind: string; name: string; namespace?: string }[]
}

/** The document that a printed `kubectl apply` line gets; '' where there is none. */
export function readGrantText(text: string): string {
  return /kubectl [^\n]*apply -f - <<'END'\n(.*?)^END$/ms.exec(text)?.[1] ?? ''
}

export function readGrant(text: string): RbacObject[] {
  return yaml.loadAll(readGrantText(text)) as RbacObject[]
}
