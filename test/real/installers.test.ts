import { cpSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { version } from '../../src/base/version.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { buildPackages, nameOf, packageTest } from './built-packages.ts'
import { hasLab, lab } from './lab.ts'
import { runInSystemCopy } from './system-copy.ts'

const out = await makeTempFolder()
const archive = `/packages/${nameOf('linux-x64')}.tar.gz`
const installer = '/packages/installers/install.sh'

beforeAll(() => {
  buildPackages(out, 'linux-x64')
  cpSync('installers', path.join(out, 'installers'), { recursive: true })
}, 180_000)

/**
 * Shell functions. `look` prints the interfaces that Wireshark lists and packets from one; another prints the existing files, except
 * dpkg's own, the index of man pages and that of desktop entries.
 */
const functions = `
look() {
  if command -v node; then exit 9; fi
  "$@" tshark -D 2>/dev/null | sed "s/^/listed /"
  "$@" tshark -i kcapdemo -c 10 -T fields -e frame.number -e frame.protocols 2>/dev/null | sed "s/^/packet /"
}
list_files() {
  rm -rf ~/.cache
  find /changes "(" -type f -o -type l ")" ! -path "/changes/var/lib/dpkg/*" ! -path "/changes/var/cache/man/*" ! -path "/changes/usr/share/applications/mimeinfo.cache" ! -path "/changes/var/log/*" | sed "s/^.changes/$1 /"
}
`

function run(script: string): string {
  const { status, stdout, stderr } = runInSystemCopy(out, functions + script)
  expect(status, stdout + stderr).toBe(0)
  return stdout
}

const linesOf = (stdout: string, mark: string) =>
  stdout.split('\n').flatMap((line) => (line.startsWith(`${mark} `) ? [line.slice(mark.length + 1)] : []))

packageTest('install.sh adds kcap to Wireshark without Node, and removes all of it again', () => {
  const stdout = run(`
sh ${installer} --from ${archive}
~/.local/bin/kcap --version
look env
sh ${installer} --from ${archive}
list_files installed
sh ~/.local/share/kcap/install.sh --uninstall
list_files left
`)
  expect(stdout).toContain('kcap: installed /home/visitor/.local/share/kcap, with links in /home/visitor/.local/bin\n')
  expect(stdout).toContain(`\nkcap ${version}\n`)
  expect(linesOf(stdout, 'listed')).toContainEqual(expect.stringMatching(/^\d+\. kcapdemo \(kcap: demo\)$/))
  expect(linesOf(stdout, 'packet').length).toBe(10)
  const files = ['.local/bin/kcap', '.local/share/kcap/node', '.config/wireshark/extcap/kcap']
  expect(linesOf(stdout, 'installed')).toEqual(expect.arrayContaining(files.map((file) => `/home/visitor/${file}`)))
  expect(linesOf(stdout, 'left')).toEqual([])
})

/** The clock of someone who has a broken service: what is typed, and when the packets are there. */
const firstMinutes = `
export KUBECONFIG=${lab.kubeconfig}
now() { date +%s%3N; }
start=$(now)
sh ${installer} --from ${archive} >/dev/null
installed=$(now)
name=''
# A list that is late has its pods the next time: F5.
while [ -z "$name" ]; do name=$(tshark -D 2>/dev/null | sed -n "s/^[0-9]*\\. \\([^ ]*\\) (kcap: shop.orders.*/\\1/p" | head -n 1); done
listed=$(now)
tshark -i "$name" -c 5 -T fields -e frame.protocols 2>/dev/null | sed "s/^/packet /"
echo "took $((installed - start)) ms to install, $((listed - installed)) to list, $(($(now) - listed)) to five packets of $name"
`

const packageAndLabTest = hasLab || process.env.KCAP_REQUIRE_REAL === '1' ? packageTest : test.skip

packageAndLabTest('two commands lead from nothing to the packets of a pod', () => {
  const stdout = run(firstMinutes)
  const [took = ''] = linesOf(stdout, 'took')
  console.log(took)
  expect(linesOf(stdout, 'packet').length).toBe(5)
  expect(took).toMatch(/of kcap-\S+\.shop\.orders-\S+$/)
})

packageTest('install.sh installs nothing with a wrong checksum, and replaces no foreign file', () => {
  const stdout = run(`
cp ${archive} /packages/SHA256SUMS .
sh ${installer} --from ${archive} --sha256 0123 2>&1 || echo refused
printf x >>${path.basename(archive)}
sh ${installer} --from ${path.basename(archive)} 2>&1 || echo refused
rm SHA256SUMS
sh ${installer} --from ${path.basename(archive)} 2>&1 || echo refused
mkdir -p ~/.local/share/kcap ~/.local/bin
sh ${installer} --from ${archive} 2>&1 || echo refused
sh ${installer} --uninstall 2>&1 || echo refused
rmdir ~/.local/share/kcap
echo mine >~/.local/bin/kcap
sh ${installer} --from ${archive} 2>&1 || echo refused
rm ${path.basename(archive)}
list_files left
`)
  expect(stdout.match(/^refused$/gm)?.length).toBe(6)
  expect(stdout).toMatch(/cannot install "\/packages\/\S+": its SHA-256 is [0-9a-f]{64}, not 0123\n/)
  expect(stdout).toMatch(/cannot install "kcap-\S+": its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}\n/)
  expect(stdout).toMatch(/cannot check "kcap-\S+": no SHA256SUMS in its folder has its checksum\n/)
  expect(stdout).toContain('cannot replace "/home/visitor/.local/share/kcap": it is not kcap\'s\n')
  expect(stdout).toContain("another program's file has that name\n")
  expect(linesOf(stdout, 'left')).toEqual(['/home/visitor/.local/bin/kcap'])
})

packageTest('the Debian package lists kcap in the Wireshark of every user, and purges without a trace', () => {
  const stdout = run(`
list_files before
dpkg -i /packages/kcap_${version}_amd64.deb
kcap --version
mkdir visitor && chown 65534:65534 visitor
kcap install
kcap doctor | sed 's/^/doctor /'
man -l /usr/share/man/man1/kcap.1 >/dev/null
look setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=$PWD/visitor
list_files installed
dpkg -V kcap
dpkg -P kcap
rm -rf visitor
list_files left
`)
  expect(stdout).toContain(`\nkcap ${version}\n`)
  expect(linesOf(stdout, 'before')).toEqual([])
  expect(linesOf(stdout, 'listed')).toContainEqual(expect.stringMatching(/^\d+\. kcapdemo \(kcap: demo\)$/))
  expect(linesOf(stdout, 'packet').length).toBe(10)
  const extcaps = '/usr/lib/x86_64-linux-gnu/wireshark/extcap'
  expect(stdout).toContain(`kcap: already installed for everybody: ${extcaps}\n`)
  expect(linesOf(stdout, 'doctor')).toContainEqual(
    expect.stringContaining(`ok  launcher   kcap ${version}: ${extcaps}/kcap starts`),
  )
  expect(
    linesOf(stdout, 'installed')
      .filter((file) => /extcap\//.test(file))
      .sort(),
  ).toEqual([`${extcaps}/kcap`, '/usr/libexec/wireshark/extcap/kcap'])
  expect(linesOf(stdout, 'installed')).toContain('/usr/share/applications/kcap-open.desktop')
  expect(linesOf(stdout, 'left')).toEqual([])
})
