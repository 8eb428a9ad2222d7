import type { AskSecret } from './secret-prompt.ts'

/**
 * Returns an asker for one login. It answers a question from memory the first time. If the question comes again, that answer was wrong, and it asks
 * the user.
 */
export function rememberAnswers(
  askSecret: AskSecret | undefined,
  answers: Map<string, string> | undefined,
): AskSecret | undefined {
  if (askSecret === undefined || answers === undefined) return askSecret
  const asked = new Set<string>()
  return async (prompt) => {
    const known = asked.has(prompt) ? undefined : answers.get(prompt)
    asked.add(prompt)
    const answer = known ?? (await askSecret(prompt))
    if (answer !== undefined) answers.set(prompt, answer)
    return answer
  }
}
