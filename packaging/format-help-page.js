/**
 * Formats docs/wireshark.md as a page for the Help button of Wireshark's dialogs, which opens a local file. Supports only the Markdown that this file
 * uses: headings, paragraphs, fenced code, inline code and links. Its pictures are not shipped.
 * @param {string} markdown
 */
export function formatHelpPage(markdown) {
  const parts = markdown.split(/^```.*$/m)
  const body = parts.map((part, index) =>
    index % 2 === 1 ? `<pre>${escapeHtml(part.trim())}</pre>` : formatText(part),
  )
  const style =
    'body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}pre{background:#eee;padding:.7em;overflow:auto}'
  return `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>kcap in Wireshark</title><style>${style}</style>\n${body.join('\n')}\n</html>\n`
}

/** @param {string} text */
function formatText(text) {
  return text
    .split(/\n{2,}/)
    .map((block) => block.trim())
    .filter((block) => block !== '' && !block.startsWith('!['))
    .map((block) => {
      const [, marks = '', heading] = /^(#+) (.*)$/.exec(block) ?? []
      return heading === undefined
        ? `<p>${formatLine(block)}</p>`
        : `<h${marks.length}>${formatLine(heading)}</h${marks.length}>`
    })
    .join('\n')
}

/** @param {string} text */
function formatLine(text) {
  return (
    escapeHtml(text)
      .replace(/`([^`]+)`/g, '<code>$1</code>')
      // The other pages are in the source, not next to this one.
      .replace(/\[([^\]]+)\]\((?!https?:)[^)]+\)/g, '$1')
      .replace(/\[([^\]]+)\]\(([^)]+)\)/g, '<a href="$2">$1</a>')
  )
}

/** @param {string} text */
function escapeHtml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
