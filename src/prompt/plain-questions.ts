import type { Question } from './ask-person.ts'
import { editText, isEnter } from './edit-text.ts'

/** Returns a question for a secret. Shows nothing of it, not even its length. */
export function makeSecretQuestion(text: string): Question<string> {
  let secret = ''
  return {
    draw: () => `? ${text}`,
    press(key) {
      if (isEnter(key)) return { answer: secret }
      secret = editText(secret, key)
      return undefined
    },
  }
}

/** Returns a yes/no question. Only the y key means yes; Enter means no. */
export function makeConfirmQuestion(text: string): Question<boolean> {
  let isAllowed: boolean | undefined
  return {
    draw: () => `? ${text} ${isAllowed === undefined ? '(y/N)' : isAllowed ? 'yes' : 'no'}`,
    press(key) {
      const letter = key.text?.toLowerCase()
      if (letter !== 'y' && letter !== 'n' && !isEnter(key)) return undefined
      isAllowed = letter === 'y'
      return { answer: isAllowed }
    },
  }
}
