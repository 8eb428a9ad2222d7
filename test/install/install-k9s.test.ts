import { expect, test } from 'vitest'
import { findK9sFile } from '../../src/install/install-k9s.ts'

test.each([
  [{ HOME: '/home/ann' }, 'linux', '/home/ann/.config/k9s/plugins.yaml'],
  [{ HOME: '/home/ann', XDG_CONFIG_HOME: '/xdg' }, 'linux', '/xdg/k9s/plugins.yaml'],
  [{ HOME: '/home/ann', XDG_CONFIG_HOME: 'relative' }, 'linux', '/home/ann/.config/k9s/plugins.yaml'],
  [{ HOME: '/home/ann', XDG_CONFIG_HOME: '/xdg', K9S_CONFIG_DIR: '/k9s' }, 'linux', '/k9s/plugins.yaml'],
  [{ HOME: '/Users/ann' }, 'darwin', '/Users/ann/Library/Application Support/k9s/plugins.yaml'],
  [{ LOCALAPPDATA: 'C:\\Users\\ann\\AppData\\Local' }, 'win32', 'C:\\Users\\ann\\AppData\\Local\\k9s\\plugins.yaml'],
] as const)('with %j on %s k9s reads its plugins from %s', (environment, platform, file) => {
  expect(findK9sFile(environment, platform)).toBe(file)
})
