import path from 'node:path'
import { beforeAll } from 'vitest'
import { makeTempFolder } from '../support/temp-folder.ts'
import { hostileContext, makeKubeconfigs } from './error-kubeconfigs.ts'
import { type ErrorRow, expectError, expectNoProcess } from './error-row.ts'
import { hasLab, lab, realTest } from './lab.ts'
import { pathWithoutKubectl, waysWithoutPods } from './other-routes.ts'

let folder: string
let files: Awaited<ReturnType<typeof makeKubeconfigs>>
beforeAll(async () => {
  folder = await makeTempFolder()
  if (hasLab) files = await makeKubeconfigs(folder)
})

const labFile = (name: string) => path.join(lab.kubeconfigFolder, name)
const pod = 'shop/no-tcpdump'
const server = '10.231.0.2:6443'
const seeKubectl = 'see whether kubectl can log in: kubectl get pods'
const seeKubectlWith = (file: string) => seeKubectl.replace('kubectl get', `kubectl --kubeconfig ${file} get`)
const logInOnce = (file: string) => [
  `log in once in a terminal: kubectl --kubeconfig ${file} get pods`,
  'then try again',
]
const plugin = '/var/lib/kcap-lab/etc/exec-cred.sh'
const vpn = 'is the VPN up? is this the right cluster? kcap list contexts'

function missingRole(user: string) {
  const scope = `--kubeconfig ${labFile(`${user}.yaml`)}`
  return {
    message: `cannot get pods/exec in the namespace "shop": user "${user}" is not allowed to`,
    hints: [
      'the missing right is "get" on "pods/exec"',
      new RegExp(`^someone who may grant it .*: kubectl apply -f - <<'END'\\n.*name: "kcap:${user}:`, 's'),
      ...waysWithoutPods(pod, 'shop', ` ${scope}`),
    ],
    exitCode: 5,
  }
}

function badAuthority(file: string, contextFlag: string) {
  return {
    message: `cannot trust the API server "${server}": its certificate is signed by nobody the kubeconfig trusts (UNABLE_TO_GET_ISSUER_CERT_LOCALLY)`,
    hints: [
      /^the cluster may have been recreated: get a new kubeconfig from whoever runs it, or by aws eks/,
      `whom the kubeconfig's certificate-authority-data trusts: kubectl --kubeconfig ${file} config view --context ${contextFlag} --minify --raw -o 'jsonpath={.clusters[0].cluster.certificate-authority-data}' | base64 -d | openssl x509 -noout -subject -dates`,
      `whose certificate the server shows: openssl s_client -connect ${server} </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer -dates`,
    ],
    exitCode: 4,
  }
}

const rows: Record<string, () => ErrorRow> = {
  'a credential plugin that takes too long': () => ({
    argv: [pod, '--kubeconfig', labFile('exec-plugin.yaml')],
    environment: { KCAP_EXEC_CRED_SLEEP: '60.25' },
    message: `cannot log in with "${plugin}": no answer within 20 s`,
    hints: logInOnce(labFile('exec-plugin.yaml')),
    exitCode: 4,
  }),
  'an API server that never answers': () => ({
    argv: [pod, '--kubeconfig', labFile('multi.yaml'), '--context', 'blackhole'],
    message: 'cannot reach the API server "127.0.0.1:16999": it does not answer',
    hints: [vpn, `kubectl --kubeconfig ${labFile('multi.yaml')} --context blackhole get --raw /readyz`],
    exitCode: 4,
  }),
  'an API server that is not there': () => ({
    argv: [pod, '--kubeconfig', labFile('multi.yaml'), '--context', 'dead'],
    message: 'cannot reach the API server "127.0.0.1:1": nothing listens there (connection refused)',
    hints: [vpn, `kubectl --kubeconfig ${labFile('multi.yaml')} --context dead get --raw /readyz`],
    exitCode: 4,
  }),
  'a kubeconfig that is missing': () => ({
    argv: [pod, '--kubeconfig', files.missing],
    message: `cannot read the kubeconfig "${files.missing}": no such file`,
    hints: [
      `ls -l ${folder}`,
      'without --kubeconfig kcap reads $KUBECONFIG, else ~/.kube/config',
      'no cluster at hand? see packets anyway: kcap demo',
    ],
    exitCode: 4,
  }),
  'a KUBECONFIG that names a missing file': () => ({
    argv: [pod],
    environment: { KUBECONFIG: files.missing },
    message: `cannot read the kubeconfig "${files.missing}": no such file`,
    hints: ['kcap --kubeconfig FILE …', 'export KUBECONFIG=FILE', 'no cluster at hand? see packets anyway: kcap demo'],
    exitCode: 4,
  }),
  'a kubeconfig that cannot be read': () => ({
    argv: [pod],
    environment: { KUBECONFIG: files.folder },
    message: `cannot read the kubeconfig "${files.folder}": is a directory`,
    hints: [`ls -ld '${files.folder}'`],
    exitCode: 4,
  }),
  'a kubeconfig that is broken': () => ({
    argv: [pod, '--kubeconfig', files.broken],
    message: new RegExp(`^cannot read the kubeconfig "${files.broken}": .+ in line 3$`),
    hints: [`kubectl config view --kubeconfig ${files.broken}`],
    exitCode: 4,
  }),
  'a kubeconfig without a current context': () => ({
    argv: [pod, '--kubeconfig', files.noContext],
    message: `cannot choose a cluster: the kubeconfig "${files.noContext}" has no current context`,
    hints: ['kcap --context NAME …   with one of: lab', 'kubectl config use-context NAME'],
    exitCode: 4,
  }),
  'a context that is not there': () => ({
    argv: [pod, '--kubeconfig', labFile('multi.yaml'), '--context', 'shop@lib'],
    message: 'cannot use the context "shop@lib": the kubeconfig has none of that name',
    hints: [/^contexts there: shop@lab/, `kcap list contexts --kubeconfig ${labFile('multi.yaml')}`],
    exitCode: 3,
  }),
  'a context of a hostile name, which stays text': () => ({
    argv: ['nowhere/x', '--kubeconfig', files.hostile],
    message: `cannot capture "nowhere/x": the cluster of the context "${hostileContext}" has no namespace "nowhere"`,
    hints: [`kcap list namespaces --kubeconfig ${files.hostile}`],
    exitCode: 3,
  }),
  'a certificate that the kubeconfig does not know': () => ({
    argv: [pod, '--kubeconfig', labFile('multi.yaml'), '--context', 'badca'],
    ...badAuthority(labFile('multi.yaml'), 'badca'),
  }),
  'the same in a context of a hostile name, quoted for the shell': () => ({
    argv: [pod, '--kubeconfig', files.hostileBadAuthority],
    ...badAuthority(files.hostileBadAuthority, `'${hostileContext}'`),
  }),
  'a token that is wrong': () => ({
    argv: [pod, '--kubeconfig', files.wrongToken],
    message: `cannot log in to "${server}": the API server does not accept the login (401)`,
    hints: [seeKubectlWith(files.wrongToken), 'a token may have expired; log in again'],
    exitCode: 4,
  }),
  'a login that may look and not exec': () => ({
    argv: [pod, '--kubeconfig', labFile('viewer.yaml')],
    ...missingRole('viewer'),
  }),
  'a login that may create an exec and not get it': () => ({
    argv: [pod, '--kubeconfig', labFile('create-only.yaml')],
    environment: { PATH: pathWithoutKubectl },
    ...missingRole('create-only'),
  }),
  'a credential plugin that is missing': () => ({
    argv: [pod, '--kubeconfig', files.pluginMissing],
    message: 'cannot log in with "kcap-no-such-plugin": there is no such program on PATH',
    hints: ['brew install x', /^PATH is \/.*/],
    exitCode: 4,
  }),
  'a credential plugin that fails': () => ({
    argv: [pod, '--kubeconfig', labFile('exec-plugin.yaml')],
    environment: { KCAP_EXEC_CRED_FAIL: '1' },
    message: `cannot log in with "${plugin}": it ended with exit code 7: exec-cred: simulated login failure`,
    hints: [seeKubectlWith(labFile('exec-plugin.yaml'))],
    exitCode: 4,
  }),
  'a credential plugin that hands over nothing': () => ({
    argv: [pod, '--kubeconfig', files.pluginEmpty],
    message: 'cannot log in with "/bin/true": its answer is no ExecCredential',
    hints: [seeKubectlWith(files.pluginEmpty)],
    exitCode: 4,
  }),
  'a credential plugin that wants a terminal': () => ({
    argv: [pod, '--kubeconfig', files.pluginAlways],
    message: 'cannot log in with "/bin/true": it wants to ask something on a terminal',
    hints: logInOnce(files.pluginAlways),
    exitCode: 4,
  }),
}

realTest.concurrent.each(Object.entries(rows))('%s', async (_what, row) => {
  await expectError(folder, row())
})

realTest('no credential plugin runs after the failed logins', async () => {
  await expectNoProcess('sleep 60.25')
})
