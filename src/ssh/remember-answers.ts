import type { AskSecret } from './secret-prompt.ts'

/**
 * For one login: a question is answered from memory the first time, and by the person when it comes again, since then the answer was
 * wrong.
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
