import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { refuseUnreadableUpload } from '../../src/capture/refuse-upload.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

test.each([
  ['/nonexistent/tcpdump', 'no such file'],
  ['/etc', 'it is no regular file'],
  ['/dev/null', 'it is no regular file'],
])('%s is not uploaded: %s', async (file, state) => {
  await expect(refuseUnreadableUpload(file)).rejects.toMatchObject({
    code: 'usage',
    exitCode: 2,
    message: `cannot upload "${file}": ${state}`,
  })
})

test('a readable file, or none, is no reason to stop', async () => {
  const file = path.join(await makeTempFolder(), 'tcpdump')
  await writeFile(file, 'x')
  await refuseUnreadableUpload(file)
  await refuseUnreadableUpload(undefined)
})
