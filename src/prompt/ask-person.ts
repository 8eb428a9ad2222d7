import { Prompt } from '@clack/core'
import { linkSignals } from '../base/link-signals.ts'
import { openScreen, type ScreenSize } from './screen.ts'

/** Key as the terminal reports it. */
export interface PressedKey {
  /** Text that the key types; undefined for arrows and similar keys. */
  readonly text: string | undefined
  /** Name of the key: `return`, `escape`, `up`, `a`. */
  readonly name: string | undefined
  readonly hasCtrl: boolean
}

/** Question on the terminal. */
export interface Question<Answer> {
  /** Returns the text on the screen; that of a closed question stays there. */
  draw(isOpen: boolean, size: ScreenSize): string
  /** Handles a key. Returns the answer if the key completed it; undefined while the question stays open. */
  press(key: PressedKey): { readonly answer: Answer } | undefined
}

/**
 * Asks a person on standard error, because standard output may be the capture itself. Returns undefined if the person leaves without an answer or the
 * signal withdraws the question. Ctrl-C interrupts kcap, as it does between questions.
 */
export async function askPerson<Answer>(question: Question<Answer>, signal: AbortSignal): Promise<Answer | undefined> {
  const turn = lastQuestion.then(() => ask(question, signal))
  lastQuestion = turn.catch(() => {})
  return await turn
}

/** Redraws the open question after its text has changed without a key. */
export function redrawQuestion(): void {
  // The library redraws after a key, and after a change of the terminal's size.
  process.stderr.emit('resize')
}

/** End of the previous question. Several hosts may ask at the same time, but only one question is shown. */
let lastQuestion: Promise<unknown> = Promise.resolve()

async function ask<Answer>(question: Question<Answer>, signal: AbortSignal): Promise<Answer | undefined> {
  if (signal.aborted) return undefined
  const hangUp = new AbortController()
  // The library never stops listening to its signal.
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
      // Enter closes the question only with a valid answer.
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
