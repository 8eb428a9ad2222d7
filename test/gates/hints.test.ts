import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

/** Programs that hints name; what begins so and has something put into it is a line to paste. */
const programs = 'kubectl|kcap|ssh|ssh-add|ssh-keygen|ssh-keyscan|mkdir|ls|df|openssl|sudo|wireshark|tshark|export'
/** Texts that name a program without being commands, such as a version message. */
const sentences = [
  /^`kcap \$\{version\}/,
  /^`kcap and the hosts? have no /,
  /^`ssh and the host have no /,
  /^`kubectl exec in container "/,
  /^`kcap \$\{command\}`/,
  /^`\\n# What the login lacks; someone who may grant it: kubectl apply -f -\\n/,
  /^`kcap --context NAME … {3}with one of: /,
]

test('only base/hint.ts builds lines to paste; no other file assembles them from text', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('demo'),
  )
  const found = files.flatMap((file) => {
    const text = readFileSync(path.join('src', file), 'utf8')
    const lines = [...text.matchAll(new RegExp(`\`(?:[^\`$]*: )?(?:${programs}) [^\`]*\\$\\{[^\`]*\``, 'g'))]
    const options = [...text.matchAll(/[[\s(]`--?[a-z-]+[ =][^`]*\$\{quote[^`]*`/g)]
    return [...lines, ...options]
      .map(([match]) => match.trim())
      .filter((match) => !sentences.some((sentence) => sentence.test(match)))
      .map((match) => `${file}: ${match}`)
  })
  expect(found).toEqual([])
})
