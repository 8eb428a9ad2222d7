import type { RecordSpec } from '../../src/record/record-objects.ts'

/** A record of a service, in two namespaces. */
export const recordSpec: RecordSpec = {
  name: 'orders-7f3a',
  namespace: 'shop',
  description: {
    targets: 'svc/orders',
    argv: ['shop/*', '--selector', 'app=orders', '--keep', '500000000'],
    namespaces: ['shop', 'staging'],
    keepBytes: 500_000_000,
    untilMs: 1_796_076_736_356,
  },
  image: 'registry/kcap:1',
  debug: { pullPolicy: undefined, pullSecret: undefined, cpu: undefined, memory: undefined },
  serviceAccount: undefined,
  priorityClass: undefined,
  storeSecret: undefined,
  owner: 'ann@host 1 2026-11-30T21:00:00Z',
  forSeconds: 3600,
}
