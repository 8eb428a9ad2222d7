import yaml from 'js-yaml'

/**
 * Plain scalars of YAML 1.1 as kubectl's parser reads them (go-yaml v2): `yes` and `on` are true, and text that looks like a date is text. js-yaml
 * follows YAML 1.2, where it is the other way round.
 */
export const kubeconfigSchema = yaml.CORE_SCHEMA.extend({
  implicit: [
    new yaml.Type('tag:yaml.org,2002:bool', {
      kind: 'scalar',
      resolve: (text: unknown) => typeof text === 'string' && (isYes(text) || isNo(text)),
      construct: isYes,
    }),
    new yaml.Type('tag:yaml.org,2002:merge', { kind: 'scalar', resolve: (text: unknown) => text === '<<' }),
  ],
})

function isYes(text: string): boolean {
  return /^(y|Y|yes|Yes|YES|on|On|ON|true|True|TRUE)$/.test(text)
}

function isNo(text: string): boolean {
  return /^(n|N|no|No|NO|off|Off|OFF|false|False|FALSE)$/.test(text)
}
