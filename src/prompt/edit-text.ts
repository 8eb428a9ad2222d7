import type { PressedKey } from './ask-person.ts'

/** Returns the text after a key. Characters are appended; Backspace, Ctrl-W and Ctrl-U delete from the end. */
export function editText(text: string, { text: typed, name, hasCtrl }: PressedKey): string {
  if (name === 'backspace' || (hasCtrl && name === 'h')) return [...text].slice(0, -1).join('')
  if (hasCtrl && name === 'w') return text.replace(/\S*\s*$/, '')
  if (hasCtrl && name === 'u') return ''
  return hasCtrl || typed === undefined || /\p{Cc}/u.test(typed) ? text : text + typed
}

/** Returns whether the key is Enter. A program that types for a person may end lines with a line feed. */
export function isEnter({ name }: PressedKey): boolean {
  return name === 'return' || name === 'enter'
}
