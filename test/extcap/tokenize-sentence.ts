/** Wireshark's own reading of what an extcap prints (extcap_parser.c, extcap_tokenize_sentence; the same from 3.4 to 4.6). */
export interface Sentence {
  readonly word: string
  readonly parameters: ReadonlyMap<string, string>
}

const sentencePattern = /^[\t| ]*(arg|value|interface|extcap|dlt|control)(?=[\t| ]+\{)/i
const parameterPattern = /\{([a-zA-Z_-]*?)=(.*?)\}(?=\{|$|\s)/gm

/** undefined for a line that Wireshark drops. */
export function tokenizeSentence(line: string): Sentence | undefined {
  const word = sentencePattern.exec(line)?.[1]
  if (word === undefined || !line.startsWith(word)) return undefined
  const parameters = new Map<string, string>()
  for (const [, key = '', value = ''] of line.matchAll(parameterPattern)) parameters.set(key, value)
  return { word, parameters }
}

/** The sentences of a whole answer. Throws for a line that Wireshark would drop, or would not read as it was meant. */
export function tokenizeAnswer(text: string): Sentence[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const sentence = tokenizeSentence(line)
      if (sentence === undefined) throw new Error(`Wireshark drops the line ${JSON.stringify(line)}`)
      const repeated = `${sentence.word} ${[...sentence.parameters].map(([key, value]) => `{${key}=${value}}`).join('')}`
      if (repeated !== line) throw new Error(`Wireshark reads ${repeated} where ${line} was meant`)
      if (/[\p{Cc}\p{Cs}]/u.test(line)) throw new Error(`a control character is in ${JSON.stringify(line)}`)
      return sentence
    })
}

/** Returns the key by which Wireshark distinguishes the settings of two interfaces (extcap.c, extcap_settings_key). */
export function settingsKey(value: string): string {
  return value.toLowerCase().replace(/[^a-z0-9_]/g, '_')
}
