import { expect, test } from 'vitest'
import { listWiresharkFiles } from '../../src/host/wireshark-places.ts'

test("Wireshark's programs come from PATH first, then from where installers put them", () => {
  expect(listWiresharkFiles(['Wireshark'], { PATH: '/opt/own:bin' }, 'darwin').slice(0, 2)).toEqual([
    '/opt/own/Wireshark',
    '/Applications/Wireshark.app/Contents/MacOS/Wireshark',
  ])
  expect(listWiresharkFiles(['wireshark'], { PATH: 'D:\\own;' }, 'win32').slice(0, 2)).toEqual([
    'D:\\own\\wireshark.exe',
    'C:\\Program Files\\Wireshark\\wireshark.exe',
  ])
  expect(listWiresharkFiles(['tshark'], { PATH: '' }, 'linux')[0]).toBe('/usr/bin/tshark')
})
