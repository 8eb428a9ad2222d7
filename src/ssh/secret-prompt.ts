/** Asks the user for a secret without echoing it; undefined if the user declines. */
export type AskSecret = (prompt: string) => Promise<string | undefined>

/** The user during one login. After declining once, the user is not asked again. */
export interface SecretPrompt {
  readonly ask: AskSecret
  isOpen(): boolean
}

/** Opens a prompt for one login. A question that fails counts as declined; without `askSecret` every question does. */
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
