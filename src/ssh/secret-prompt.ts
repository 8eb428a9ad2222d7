/** Asks the user for something that must not be seen; undefined when the user declines. */
export type AskSecret = (prompt: string) => Promise<string | undefined>

/** The user, as one login sees them: who has declined once is not asked again. */
export interface SecretPrompt {
  readonly ask: AskSecret
  isOpen(): boolean
}

/** A question that fails counts as declined; without `askSecret` there is nobody to ask. */
export function openSecretPrompt(askSecret: AskSecret | undefined): SecretPrompt {
  let open = askSecret !== undefined
  return {
    async ask(prompt) {
      const answer = open ? await askSecret?.(prompt).catch(() => undefined) : undefined
      open &&= answer !== undefined
      return answer
    },
    isOpen: () => open,
  }
}
