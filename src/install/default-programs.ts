const header = '[Default Applications]'

/**
 * Returns the text of a mimeapps.list with a default program for some types, unless another program is one already. No other line changes.
 * https://specifications.freedesktop.org/mime-apps-spec/latest/
 */
export function addDefaultPrograms(text: string, types: readonly string[], entry: string): string {
  const lines = splitLines(text)
  const section = findSection(lines)
  const missing = types.filter((type) => findProgram(lines.slice(section.start, section.end), type) === undefined)
  if (missing.length === 0) return text
  const added = missing.map((type) => `${type}=${entry}\n`)
  if (section.isFound) {
    const before = lines.slice(0, section.start).join('')
    return [before, before.endsWith('\n') ? '' : '\n', ...added, ...lines.slice(section.start)].join('')
  }
  const isOpen = text !== '' && !text.endsWith('\n')
  const gap = `${isOpen ? '\n' : ''}${text === '' ? '' : '\n'}`
  return `${text}${gap}${header}\n${added.join('')}`
}

/** Returns the text of a mimeapps.list without a program as the default of some types. Removes a section that is empty then. */
export function removeDefaultPrograms(text: string, types: readonly string[], entry: string): string {
  const lines = splitLines(text)
  const section = findSection(lines)
  const inside = lines.slice(section.start, section.end)
  const kept = inside.flatMap((line) => {
    const { type, programs, end } = readLine(line)
    if (type === undefined || !types.includes(type) || !programs.includes(entry)) return [line]
    const others = programs.filter((program) => program !== entry)
    return others.length === 0 ? [] : [`${type}=${others.join(';')};${end}`]
  })
  if (kept.length === inside.length && kept.every((line, at) => line === inside[at])) return text
  const [before, after] = [lines.slice(0, section.start), lines.slice(section.end)]
  const isEmpty = kept.length === 0 && after.length === 0
  if (!isEmpty) return [...before, ...kept, ...after].join('')
  const rest = before.slice(0, -1)
  if (rest.at(-1)?.trim() === '') rest.pop()
  return rest.join('')
}

/** Returns the program that is the default of a type; undefined if there is none. */
export function findDefaultProgram(text: string, type: string): string | undefined {
  const lines = splitLines(text)
  const { start, end } = findSection(lines)
  return findProgram(lines.slice(start, end), type)
}

function findProgram(lines: readonly string[], wanted: string): string | undefined {
  return lines.map(readLine).find(({ type, programs }) => type === wanted && programs.length > 0)?.programs[0]
}

function readLine(line: string): { type: string | undefined; programs: string[]; end: string } {
  const [, type, value = '', end = ''] = /^([^#=\s][^=]*?)\s*=([^\r\n]*)(\r?\n?)$/.exec(line) ?? []
  const programs = value.split(';').map((program) => program.trim())
  return { type, programs: programs.filter((program) => program !== ''), end }
}

/** Returns the lines of the section; without one, none at the end. */
function findSection(lines: readonly string[]): { isFound: boolean; start: number; end: number } {
  const at = lines.findIndex((line) => line.trim() === header)
  if (at < 0) return { isFound: false, start: lines.length, end: lines.length }
  const next = lines.findIndex((line, index) => index > at && line.startsWith('['))
  return { isFound: true, start: at + 1, end: next < 0 ? lines.length : next }
}

function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}
