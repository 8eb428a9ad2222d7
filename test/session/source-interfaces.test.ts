import { expect, test } from 'vitest'
import type { PacketSource } from '../../src/base/packet-source.ts'
import { makePcapngWriter } from '../../src/session/capture-writer.ts'
import { makeProgress, type SourceProgress } from '../../src/session/session-progress.ts'
import { makeSourceInterfaces } from '../../src/session/source-interfaces.ts'
import { failureOf } from '../support/failure.ts'
import { makeMemoryOutput } from '../support/memory-output.ts'

const ethernet = { linkType: 1, snapLength: 100 }
const source = { name: 'shop/web', interfaceName: 'any' } as PacketSource

function open(namesReady = async () => {}) {
  const writer = makePcapngWriter(makeMemoryOutput(), { application: '', os: '', comment: '', filter: '' })
  const figures: SourceProgress[] = []
  const interfaces = makeSourceInterfaces(writer, { figures }, namesReady)
  return { figures, find: (of: SourceProgress, header = ethernet) => interfaces.find(source, of, header, '') }
}

test('a source has one interface for each link type, and one more for a raised snap length', async () => {
  const { find } = open()
  const web = makeProgress('x').addSource('shop/web', false)
  expect(await find(web)).toBe(0)
  expect(await find(web, { linkType: 113, snapLength: 100 })).toBe(1)
  expect(await find(web, { linkType: 1, snapLength: 200 })).toBe(2)
  expect(await find(web, { linkType: 1, snapLength: 60 })).toBe(0)
})

test('two sources with equal headers have interfaces of their own, and the figures of each are at its id', async () => {
  const { find, figures } = open()
  const progress = makeProgress('x')
  const [web, db] = [progress.addSource('shop/web', false), progress.addSource('shop/db', false)]
  expect([await find(web), await find(db), await find(web)]).toEqual([0, 1, 0])
  expect(figures).toEqual([web, db])
})

test('an interface is added when the resolved names are ready', async () => {
  let setReady = () => {}
  const ready = new Promise<void>((resolve) => {
    setReady = resolve
  })
  const { find, figures } = open(() => ready)
  const found = find(makeProgress('x').addSource('shop/web', false))
  await Promise.resolve()
  expect(figures).toEqual([])
  setReady()
  expect(await found).toBe(0)
})

test("a source with more than 100 interfaces is 'corrupt-capture'", async () => {
  const { find } = open()
  const web = makeProgress('x').addSource('shop/web', false)
  for (let linkType = 1; linkType <= 100; linkType++) await find(web, { linkType, snapLength: 100 })
  expect((await failureOf(find(web, { linkType: 101, snapLength: 100 }))).code).toBe('corrupt-capture')
})
