export interface DemoKubeconfigSettings {
  readonly url: string
  readonly certificateAuthorityPem: string
  readonly token: string
  readonly context?: string
  readonly namespace?: string
}

/** Returns a kubeconfig as YAML. https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
export function formatDemoKubeconfig(settings: DemoKubeconfigSettings): string {
  const name = JSON.stringify(settings.context ?? 'kcap-demo')
  return `apiVersion: v1
kind: Config
clusters:
- name: ${name}
  cluster:
    server: ${settings.url}
    certificate-authority-data: ${Buffer.from(settings.certificateAuthorityPem).toString('base64')}
users:
- name: ${name}
  user:
    token: ${JSON.stringify(settings.token)}
contexts:
- name: ${name}
  context:
    cluster: ${name}
    user: ${name}
    namespace: ${JSON.stringify(settings.namespace ?? 'prod')}
current-context: ${name}
`
}
