import prompts from 'prompts'

/** A question of the library's, without its name and place. */
export type Question = Omit<prompts.PromptObject<'answer'>, 'name' | 'stdout'>

/**
 * Asks a person on standard error, since standard output may be the capture itself. undefined when no answer is given, or when the signal
 * takes the question back: what has been asked to end must not wait for somebody who is gone.
 */
export async function askPerson<Answer>(question: Question, signal: AbortSignal): Promise<Answer | undefined> {
  const turn = asked.then(() => ask<Answer>(question, signal))
  asked = turn.catch(() => {})
  return await turn
}

/** The question before: several hosts may ask at once. */
let asked: Promise<unknown> = Promise.resolve()

async function ask<Answer>(question: Question, signal: AbortSignal): Promise<Answer | undefined> {
  if (signal.aborted) return undefined
  // The library knows no other way to leave a question, and puts the terminal in order as it does (prompts, lib/util/action.js).
  const leave = () => process.stdin.emit('keypress', '', { name: 'escape' })
  signal.addEventListener('abort', leave, { once: true })
  try {
    const { answer } = (await prompts({ ...question, name: 'answer', stdout: process.stderr })) as { answer?: Answer }
    return signal.aborted ? undefined : answer
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
