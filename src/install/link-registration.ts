/** Result of registering or removing the links. */
export interface LinkRegistration {
  /** `foreign`: another program has the place, and keeps it. `none`: there was nothing to remove. */
  readonly state: 'new' | 'updated' | 'unchanged' | 'removed' | 'none' | 'foreign'
  /** File or registry key, for a person. */
  readonly place: string
}
