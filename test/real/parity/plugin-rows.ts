import type { ParityRow } from './run-both.ts'
import { execUser, execVersion, pluginScript, type Scene } from './scene.ts'

export function makePluginRows(scene: Scene): Record<string, ParityRow> {
  const { https, ca, certificates } = scene
  const cluster = { server: https, ...ca }
  const { pluginClient, client, root } = certificates
  const configured = (fields: object): ParityRow => ({
    cluster,
    user: execUser(fields),
    files: { 'plug.sh': pluginScript() },
  })
  const answering = (answer: object | string): ParityRow => ({
    cluster,
    user: execUser(),
    files: { 'plug.sh': pluginScript(answer) },
  })
  const beta = `${execVersion}beta1`
  const pair = { clientCertificateData: pluginClient.certificate, clientKeyData: pluginClient.key }
  const printing = (line: string, fields: object = {}, environment: Record<string, string> = {}): ParityRow => ({
    cluster,
    user: execUser({ command: './print.sh', ...fields }),
    files: { 'print.sh': pluginScript().replace(/^echo .*$/m, `echo "${line}" >> @HOME@/plugin.log`) },
    environment,
  })
  const informed = (fields: object): ParityRow => ({
    cluster: fields,
    user: execUser({ provideClusterInfo: true }),
    files: { 'plug.sh': pluginScript(), 'ca.crt': root.certificate },
  })
  const extension = (extension: unknown) => [
    { name: 'other', extension: { a: 1 } },
    { name: 'client.authentication.k8s.io/exec', extension },
  ]
  return {
    'a plugin': configured({}),
    'a plugin, started beside the kubeconfig': { ...configured({}), startsBeside: true },
    'a plugin above its folder': configured({ command: 'sub/../plug.sh' }),
    'a plugin by its whole path': configured({ command: '@HOME@/plug.sh' }),
    'a plugin of v1beta1, without a mode': {
      ...answering({ apiVersion: beta, status: { token: 'b' } }),
      user: execUser({ apiVersion: beta, interactiveMode: undefined }),
    },
    'a plugin of v1alpha1': configured({ apiVersion: `${execVersion}alpha1`, interactiveMode: undefined }),
    'a plugin of v2': configured({ apiVersion: 'client.authentication.k8s.io/v2' }),
    'a plugin of an unknown version beside a token': {
      cluster,
      user: { token: 't', ...execUser({ apiVersion: 'x/v1' }) },
    },
    'a plugin without a version': configured({ apiVersion: undefined }),
    'a plugin of v1 without a mode': configured({ interactiveMode: undefined }),
    'a plugin of an unknown mode': configured({ interactiveMode: 'never' }),
    'a plugin that must ask': configured({ interactiveMode: 'Always' }),
    'a plugin that may ask': configured({ interactiveMode: 'IfAvailable' }),
    'a plugin without a command': configured({ command: undefined }),
    'a plugin with an empty command': configured({ command: '' }),
    'a plugin with a variable without a name': configured({ env: [{ name: '', value: 'x' }] }),
    'a plugin whose arguments are no list': configured({ args: 'x' }),
    'a plugin with arguments': configured({ args: ['a', 'b c', ''] }),
    'a plugin with variables, a PATH among them': printing('A=$A PATH=$PATH info=$KUBERNETES_EXEC_INFO', {
      env: [
        { name: 'PATH', value: '/nonexistent' },
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
        { name: 'KUBERNETES_EXEC_INFO', value: 'mine' },
      ],
    }),
    'a plugin and the variables of its user': printing(
      '$OTHER|$NODE_TLS_REJECT_UNAUTHORIZED',
      {},
      { OTHER: 'o', NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    ),
    "a plugin and kcap's own secrets": {
      ...printing('$KCAP_SSH_PASSWORD|$KCAP_SUDO_PASSWORD', {}, { KCAP_SSH_PASSWORD: 's1', KCAP_SUDO_PASSWORD: 's2' }),
      differs: {
        because: 'they are passwords of other places, which kubectl does not know',
        kubectl: { succeeded: true, plugin: ['s1|s2'] },
        kcap: { succeeded: true, plugin: ['|'] },
      },
    },

    'an answer of another version': answering({ apiVersion: beta, status: { token: 'b' } }),
    'an answer without a version': answering({ apiVersion: undefined, status: { token: 'b' } }),
    'an answer of another kind': answering({ kind: 'Foo', status: { token: 'b' } }),
    'an answer without a kind': answering({ kind: undefined, status: { token: 'b' } }),
    'an answer without a status': answering({}),
    'an answer with an empty status': answering({ status: {} }),
    'an answer with a certificate': answering({ status: pair }),
    'an answer with a certificate and a token': answering({ status: { ...pair, token: 't' } }),
    'an answer with a certificate without its key': answering({
      status: { clientCertificateData: pair.clientCertificateData, token: 't' },
    }),
    'an answer with the key of another': answering({ status: { ...pair, clientKeyData: client.key } }),
    'an answer with a certificate that is none': answering({
      status: { clientCertificateData: 'x', clientKeyData: 'y' },
    }),
    'an answer that is no JSON': answering('hello'),
    'an answer in YAML': answering(`apiVersion: ${execVersion}\nkind: ExecCredential\nstatus:\n  token: yaml-token`),
    'an empty answer': answering(''),
    'an answer that has expired': answering({ status: { token: 't', expirationTimestamp: '2001-01-01T00:00:00Z' } }),
    'an answer that expires at no time': answering({ status: { token: 't', expirationTimestamp: 'soon' } }),
    'an answer with a number for a token': answering({ status: { token: 5 } }),
    'an answer with a token of two lines': answering({ status: { token: 'a\nb' } }),
    'a plugin that fails': { cluster, user: execUser(), files: { 'plug.sh': '#!/bin/sh\necho no way >&2; exit 3\n' } },
    'a plugin that answers and fails': { cluster, user: execUser(), files: { 'plug.sh': `${pluginScript()}exit 3\n` } },

    'a plugin that is told of the cluster': informed({
      server: `${https}/p?q`,
      ...ca,
      'tls-server-name': 'kubernetes',
      'disable-compression': true,
      extensions: extension({ audience: 'x', n: [1, { a: null }], html: '<&>' }),
    }),
    'a plugin that is told of an unchecked cluster': informed({ server: https, 'insecure-skip-tls-verify': true }),
    'a plugin that is told of an authority in a file': informed({ server: https, 'certificate-authority': 'ca.crt' }),
    'a plugin that is told of an extension that is a text': informed({ ...cluster, extensions: extension('text') }),
  }
}

/** Plugins that ask for a code, where a person can answer. */
export function makeTerminalRows(scene: Scene): Record<string, ParityRow> {
  const asking = pluginScript({ status: { token: '@CODE@' } })
    .replace('#!/bin/sh\n', "#!/bin/sh\nprintf 'Enter the code: ' >&2\nread code\n")
    .replace("<<'END'", '<<END')
    .replace('@CODE@', 'code-$code')
  const asks = (interactiveMode: string, cluster: object = {}): ParityRow => ({
    cluster: { server: scene.https, ...scene.ca, ...cluster },
    user: execUser({ interactiveMode }),
    files: { 'plug.sh': asking },
    types: '123456',
  })
  return {
    'a plugin that may ask at a terminal': asks('IfAvailable'),
    'a plugin that must ask at a terminal': asks('Always'),
    'a plugin that must not ask at a terminal': asks('Never'),
    'a plugin that may ask at a terminal, behind a proxy': asks('IfAvailable', { 'proxy-url': scene.proxyUrl('http') }),
  }
}

/** Rows on how a plugin's name leads to a program. */
export function makeLookupRows(scene: Scene): Record<string, ParityRow> {
  const cluster = { server: scene.https, ...scene.ca }
  const script = pluginScript()
  const files = {
    'plug.sh': script,
    'bin/plug.sh': script.replace('args=', 'good args='),
    plain: 'x',
    'folder/plug.sh/x': '',
  }
  const named = (PATH: string | undefined, command = 'plug.sh'): ParityRow => ({
    cluster,
    user: execUser({ command }),
    files,
    environment: { PATH },
    startsBeside: true,
  })
  const usual = '/usr/bin:/bin'
  return {
    'a plugin on PATH': named(`@HOME@/bin:${usual}`),
    'a plugin behind a folder of its name': named(`@HOME@/folder:@HOME@/bin:${usual}`),
    'PATH with a dot': named(`.:${usual}`),
    'PATH with a dot before the right folder': named(`.:@HOME@/bin:${usual}`),
    'PATH with a dot behind the right folder': named(`@HOME@/bin:.:${usual}`),
    'PATH with an empty entry': named(`:${usual}`),
    'PATH with an empty entry at its end': named(`${usual}:`),
    'PATH with a relative folder': named(`bin:${usual}`),
    'an empty PATH': named(''),
    'no PATH': named(undefined),
    'a plugin that is nowhere': named(usual, 'kcap-no-such-plugin'),
    'a plugin that is not at its path': named(usual, './nope'),
    'a plugin that may not be executed': named(usual, './plain'),
    'a plugin that is a folder': named(usual, './folder'),
  }
}

/** The preferences of kubectl, by which a user may forbid plugins. */
export function makePolicyRows(scene: Scene): Record<string, ParityRow> {
  const preferences = (text: string, version = 'v1beta1') =>
    `apiVersion: kubectl.config.k8s.io/${version}\nkind: Preference\n${text}`
  const kuberc = (content: string, environment: Record<string, string> = {}): ParityRow => ({
    cluster: { server: scene.https, ...scene.ca },
    user: execUser(),
    files: {
      'plug.sh': pluginScript(),
      '.kube/kuberc': content,
      'my.rc': preferences('credentialPluginPolicy: DenyAll\n'),
    },
    environment,
  })
  const allowing = (...commands: readonly string[]) =>
    kuberc(
      preferences(
        `credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [${commands.map((one) => `{command: "${one}"}`).join(', ')}]\n`,
      ),
    )
  const deny = preferences('credentialPluginPolicy: DenyAll\n')
  return {
    'no policy': kuberc(preferences('')),
    'the policy AllowAll': kuberc(preferences('credentialPluginPolicy: AllowAll\n')),
    'the policy DenyAll': kuberc(deny),
    'the policy DenyAll with KUBECTL_KUBERC=false': kuberc(deny, { KUBECTL_KUBERC: 'false' }),
    'the policy DenyAll with KUBERC=off': kuberc(deny, { KUBERC: 'off' }),
    'the policy DenyAll in the file of KUBERC': kuberc('', { KUBERC: '@HOME@/my.rc' }),
    'the policy DenyAll in a second document': kuberc(`a: b\n---\n${deny}`),
    'the policy DenyAll of v1alpha1': kuberc(preferences('credentialPluginPolicy: DenyAll\n', 'v1alpha1')),
    'the policy DenyAll beside an unknown field': kuberc(`${deny}foo: bar\n`),
    'an unknown policy': kuberc(preferences('credentialPluginPolicy: Foo\n')),
    'an allowlist with another plugin': allowing('other'),
    'an allowlist with the path': allowing('@HOME@/plug.sh'),
    'an allowlist with the name': allowing('plug.sh'),
    'an allowlist with a path that is not normalized': allowing('@HOME@/./plug.sh'),
    'an empty allowlist': allowing(),
    'an allowlist without its policy': kuberc(preferences('credentialPluginAllowlist: [{command: x}]\n')),
    'preferences that are broken': kuberc('credentialPluginPolicy: [\n'),
    'preferences of another kind': kuberc('a: b\n'),
    'a KUBERC that is missing': kuberc('', { KUBERC: '@HOME@/nope' }),
  }
}
