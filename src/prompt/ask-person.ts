import { Prompt } from '@clack/core'
import { linkSignals } from '../base/link-signals.ts'
import { openScreen, type ScreenSize } from './screen.ts'

/** A key as the terminal reports it. */
export interface PressedKey {
  /** What it types; undefined for arrows and the like. */
  readonly text: string | undefined
  /** `return`, `escape`, `up`, `a`. */
  readonly name: string | undefined
  readonly hasCtrl: boolean
}

/** A question on the terminal. */
export interface Question<Answer> {
  /** Returns what the screen shows; the text of a closed question stays there. */
  draw(isOpen: boolean, size: ScreenSize): string
  /** Takes a key. Returns the answer once a key gave it; undefined while the question stays open. */
  press(key: PressedKey): { readonly answer: Answer } | undefined
}

/**
 * Asks a person on standard error, because standard output may be the capture itself. Returns undefined when the person leaves without an
 * answer, or when the signal takes the question back. Ctrl-C interrupts kcap, as it does between questions.
 */
export async function askPerson<Answer>(question: Question<Answer>, signal: AbortSignal): Promise<Answer | undefined> {
  const turn = lastQuestion.then(() => ask(question, signal))
  lastQuestion = turn.catch(() => {})
  return await turn
}

/** Draws the open question again after its text has changed without a key. */
export function redrawQuestion(): void {
  // The library draws after a key, and when the terminal has another size.
  process.stderr.emit('resize')
}

/** Several hosts may ask at the same time, and one question is shown. */
let lastQuestion: Promise<unknown> = Promise.resolve()

async function ask<Answer>(question: Question<Answer>, signal: AbortSignal): Promise<Answer | undefined> {
  if (signal.aborted) return undefined
  const hangUp = new AbortController()
  // The library listens to its signal for ever.
  const open = linkSignals(signal, hangUp.signal)
  const screen = openScreen()
  const { output } = screen
  let answered: { readonly answer: Answer } | undefined
  let isInterrupted = false
  const prompt = new Prompt<Answer>(
    {
      render() {
        return question.draw(this.state !== 'submit' && this.state !== 'cancel', output)
      },
      // Enter closes the question only when it is an answer.
      validate: () => (answered === undefined ? 'no answer yet' : undefined),
      output,
      signal: open.signal,
    },
    false,
  )
  prompt.on('key', (text, { name, ctrl = false }) => {
    isInterrupted = ctrl && name === 'c'
    if (isInterrupted || name === 'escape') return
    answered = question.press({ text, name, hasCtrl: ctrl })
    if (answered !== undefined) prompt.state = 'submit'
    // readline has closed its input.
    else if (ctrl && name === 'd') prompt.state = 'cancel'
  })
  const leave = () => hangUp.abort()
  process.stdin.once('end', leave)
  try {
    await prompt.prompt()
  } finally {
    process.stdin.off('end', leave)
    open.unlink()
    screen.close()
  }
  if (signal.aborted) return undefined
  if (isInterrupted) process.emit('SIGINT', 'SIGINT')
  return answered?.answer
}
