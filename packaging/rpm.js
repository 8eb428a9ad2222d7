import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { product } from './release.js'
import { placeInSystem } from './system-files.js'

/** Extcap folders of Fedora, openSUSE and RHEL: up to Wireshark 4.4, and from 4.6. */
const extcapFolders = ['/usr/lib64/wireshark/extcap', '/usr/libexec/wireshark/extcap']

/** 1980, as in a zip; rpm treats 0 as no time. */
const epoch = 315_532_800

/** Macros that keep the package independent of the machine that builds it. */
const settings = {
  _build_id_links: 'none',
  __os_install_post: '%{nil}',
  debug_package: '%{nil}',
  _buildhost: 'kcap',
  _binary_payload: 'w6.gzdio',
  use_source_date_epoch_as_buildtime: '1',
  clamp_mtime_to_source_date_epoch: '1',
}

/**
 * Builds a package for systems with rpm, with their own `rpmbuild`. Returns undefined where `rpmbuild` is absent. https://rpm-software-management.github.io/rpm/manual/spec.html
 * @param {readonly import('./formats/entry.js').Entry[]} files as of `listFiles`
 * @param {string} architecture
 * @returns {Promise<Buffer | undefined>}
 */
export async function makeRpm(files, architecture) {
  if (!hasRpmbuild()) return undefined
  const folder = mkdtempSync(path.join(tmpdir(), 'kcap-rpm-'))
  try {
    const placed = await placeInSystem(files, extcapFolders)
    for (const { name, content, isProgram } of placed) {
      const file = path.join(folder, 'files', name)
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, content, { mode: isProgram ? 0o755 : 0o644 })
    }
    const names = placed.map(({ name }) => name.slice(1))
    const spec = path.join(folder, 'kcap.spec')
    writeFileSync(spec, formatSpec(names, path.join(folder, 'files')))
    const defined = Object.entries({ ...settings, _topdir: folder }).flatMap(([name, value]) => [
      '-D',
      `${name} ${value}`,
    ])
    execFileSync('rpmbuild', ['-bb', '--quiet', '--target', architecture, ...defined, spec], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch), LC_ALL: 'C' },
    })
    const made = path.join(folder, 'RPMS', architecture)
    return readFileSync(path.join(made, readdirSync(made)[0] ?? ''))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {readonly string[]} names
 * @param {string} source
 */
function formatSpec(names, source) {
  return `Name: ${product.name}
Version: ${product.version}
Release: 1
Summary: Live packet capture from Kubernetes pods and SSH hosts
License: ${product.license}
AutoReqProv: no
Requires: glibc >= 2.28, libstdc++
Recommends: wireshark-cli

%description
${product.description}

%install
mkdir -p %{buildroot}
cp -R ${source}/. %{buildroot}

%files
%defattr(-,root,root)
${names.join('\n')}
`
}

function hasRpmbuild() {
  try {
    execFileSync('rpmbuild', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
