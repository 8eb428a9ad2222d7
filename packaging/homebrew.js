import { product } from './release.js'

/**
 * Formats a Homebrew formula: https://docs.brew.sh/Formula-Cookbook. `brew uninstall` removes the files that brew has installed; `kcap uninstall` before
 * it removes kcap from Wireshark.
 * @param {(platform: string) => { url: string, sha256: string }} find the archive for a platform
 */
export function formatFormula(find) {
  const source = (/** @type {string} */ platform) => {
    const { url, sha256 } = find(platform)
    return `      url "${url}"\n      sha256 "${sha256}"`
  }
  const system = (/** @type {string} */ brewName, /** @type {string} */ name) => `  on_${brewName} do
    on_arm do
${source(`${name}-arm64`)}
    end
    on_intel do
${source(`${name}-x64`)}
    end
  end`
  return `class Kcap < Formula
  desc "${product.description}"
  version "${product.version}"
  license "${product.license}"

${system('macos', 'darwin')}

${system('linux', 'linux')}

  def install
    libexec.install Dir["*"]
    bin.install_symlink libexec/"kcap", libexec/"kcap-extcap", libexec/"kubectl-kcap", libexec/"kubectl_complete-kcap"
  end

  def caveats
    <<~EOS
      To put kcap into Wireshark's list of interfaces: kcap install
      Before brew uninstall kcap: kcap uninstall
    EOS
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/kcap --version")
  end
end
`
}
