import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { findSimilarNames } from '../base/similar-names.ts'
import { findFirstWord } from '../completion/typed-words.ts'
import { commandTable } from '../request/command-table.ts'

/**
 * Runs `kcap record start|list|attach|fetch|stop`, and what runs in the pods of a record: `run`, `pipe` and `read`.
 * @throws {KcapError} usage — when the first word is none of them
 */
export async function record(argv: readonly string[]): Promise<number> {
  const at = findFirstWord(argv)
  const word = argv[at] ?? ''
  const rest = argv.filter((_word, i) => i !== at)
  switch (word) {
    case 'start': {
      const { startRecord } = await import('./record-start.ts')
      return await startRecord(rest)
    }
    case 'list': {
      if (rest.some(isStoreUrl)) {
        const { listStoredCaptures } = await import('./record-store.ts')
        return await listStoredCaptures(rest)
      }
      const { listRecords } = await import('./record-list.ts')
      return await listRecords(rest)
    }
    case 'attach':
    case 'fetch': {
      if (word === 'fetch' && rest.some(isStoreUrl)) {
        const { fetchStored } = await import('./record-store.ts')
        return await fetchStored(rest)
      }
      const { readRecord } = await import('./record-read.ts')
      return await readRecord(word, rest)
    }
    case 'stop': {
      const { stopRecord } = await import('./record-stop.ts')
      return await stopRecord(rest)
    }
    case 'run': {
      const { runRecorder } = await import('./record-run.ts')
      return await runRecorder(rest)
    }
    case 'pipe':
    case 'read': {
      const { answerReader } = await import('../record/answer-reader.ts')
      return await answerReader(word, rest)
    }
    default: {
      const near = findSimilarNames(word, commandTable.record.words, 2)
      throw new KcapError('usage', `cannot run "record ${word}": there is no such command`, {
        hints: [...near.map((name) => line('kcap', 'record', name)), line('kcap', 'record', '--help')],
      })
    }
  }
}

function isStoreUrl(word: string): boolean {
  return word.startsWith('s3://')
}
