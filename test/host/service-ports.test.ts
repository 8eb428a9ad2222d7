import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { findServicePort } from '../../src/host/service-ports.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

let file: string
beforeAll(async () => {
  file = path.join(await makeTempFolder(), 'services')
  await writeFile(
    file,
    '# Network services\n\nhttp\t\t80/tcp\t\twww # WorldWideWeb\nhttps\t443/tcp\nhttps\t443/udp\t# HTTP/3\r\nrsh 514/tcp shell\nodd 1/tcp\nodd 2/udp\nbig 99999/tcp\n',
  )
})

test.each([
  ['http', 80],
  ['www', 80],
  ['https', 443],
  ['shell', 514],
  ['HTTP', undefined],
  ['odd', undefined],
  ['big', undefined],
  ['gone', undefined],
  ['80/tcp', undefined],
  ['', undefined],
  ['#', undefined],
])('findServicePort looks "%s" up as %s', (name, port) => {
  expect(findServicePort(name, file)).toBe(port)
})

test('findServicePort finds no service without the services file', () => {
  expect(findServicePort('http', `${file}-gone`)).toBeUndefined()
})
