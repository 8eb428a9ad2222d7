import type { OptionRow } from './option-row.ts'

/** Options for files that go to object storage. */
export const storeOptions = [
  {
    group: 'Output',
    name: 'to',
    kind: 'text',
    value: 's3://BUCKET/PREFIX',
    help: 'store complete files in object storage; --keep limits those that wait (1GB)',
  },
  {
    group: 'Output',
    name: 's3-endpoint',
    kind: 'text',
    value: 'URL',
    help: "server of --to, such as MinIO, Ceph or Swift (the AWS SDK's own)",
  },
  {
    group: 'Output',
    name: 's3-region',
    kind: 'text',
    value: 'NAME',
    help: "region of the bucket (the AWS SDK's own, else us-east-1)",
  },
  {
    group: 'Output',
    name: 's3-path-style',
    kind: 'flag',
    help: 'put the bucket into the path of the URLs, as many servers other than AWS need',
  },
] as const satisfies readonly OptionRow[]
