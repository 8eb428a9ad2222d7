import { expect, test } from 'vitest'
import { planRecord } from '../../src/record/plan-record.ts'
import { parseArguments } from '../../src/request/parse-arguments.ts'
import { recordOptions } from '../../src/request/record-options.ts'
import { releaseImage } from '../../src/settings/release-image.ts'
import { defaultSettings } from '../../src/settings/settings.ts'

const selection = { words: ['local'], selector: undefined, namespaces: [], nodes: ['node-1'] }
const settings = defaultSettings('config.yaml')
const configured = { ...settings, debug: { ...settings.debug, image: 'registry.example/config:1' } }

test.each([
  ['the image of this version', [], settings, releaseImage],
  ['debug.image of the config', [], configured, 'registry.example/config:1'],
  ['--debug-image before the config', ['--debug-image', 'other:1'], configured, 'other:1'],
  ['--image before everything else', ['--image', 'own:1', '--debug-image', 'other:1'], configured, 'own:1'],
])('a recorder runs %s', (_name, argv, used, image) => {
  const parsed = parseArguments(argv, { more: recordOptions, environment: {} })
  expect(
    planRecord(parsed, used, [{ kind: 'node', context: undefined, node: 'node-1' }], selection, 'shop').image,
  ).toBe(image)
})
