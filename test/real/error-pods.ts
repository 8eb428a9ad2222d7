import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { kubectl, lab } from './lab.ts'

/** Namespace of pods that each cannot be captured for a different reason. */
export const errorNamespace = `kcap-errors-${process.pid}`

const globalHeader = '4d3cb2a1020004000000000000000000ffff000001000000'
/** One packet of four bytes, at one second past the epoch. */
const wholeRecord = '01000000000000000400000004000000deadbeef'

/** Output of the container's own `tcpdump`, and what it does afterwards. */
const fakes: Record<string, { readonly sends: Buffer; readonly goesOn: string }> = {
  text: { sends: Buffer.from('Welcome to prod\nauthorised use only\n'), goesOn: 'exec sleep 60' },
  binary: { sends: Buffer.from('00ff00ff00ff00ff', 'hex'), goesOn: 'exec sleep 60' },
  truncated: { sends: fromHex(globalHeader, wholeRecord, '02000000000000000400'), goesOn: 'exit 0' },
  huge: {
    sends: fromHex(globalHeader, wholeRecord, '0200000000000000', '00a3e111', '00a3e111'),
    goesOn: 'exec sleep 60',
  },
  silent: { sends: Buffer.alloc(0), goesOn: 'exit 3' },
}

function fromHex(...parts: string[]): Buffer {
  return Buffer.from(parts.join(''), 'hex')
}

/** Returns bytes as escapes for a shell's `printf`. */
function escapeBytes(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}

function fakeContainer([name, { sends, goesOn }]: [string, (typeof fakes)[string]]) {
  const lines = ['#!/bin/sh', `printf "${escapeBytes(sends)}"`, goesOn].map((line) => `'${line}'`)
  const file = '/usr/local/sbin/tcpdump'
  return {
    ...container(
      `mkdir -p /usr/local/sbin; printf '%s\\n' ${lines.join(' ')} > ${file}; chmod +x ${file}; exec sleep 3600`,
    ),
    name,
    readinessProbe: { exec: { command: ['test', '-x', file] }, periodSeconds: 1 },
  }
}

function container(script: string) {
  return { name: 'app', image: 'lab/tools:1', imagePullPolicy: 'Never', command: ['sh', '-c', script] }
}

function pod(name: string, spec: object) {
  const shared = { terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, dnsPolicy: 'Default' }
  const metadata = { name, namespace: errorNamespace }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { ...shared, ...spec } }
}

export async function makeErrorPods(): Promise<void> {
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: errorNamespace } },
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'nobody', namespace: errorNamespace }, spec: service },
    pod('pending', { containers: [container('sleep 1')], nodeSelector: { disk: 'none' } }),
    pod('succeeded', { containers: [container('exit 0')], restartPolicy: 'Never' }),
    pod('crashing', { containers: [container('exit 1')] }),
    pod('fakes', { containers: Object.entries(fakes).map(fakeContainer) }),
  ]
  await applyObjects(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  await kubectl('wait', '-n', errorNamespace, '--for=condition=Ready', '--timeout=60s', 'pod/fakes')
  const waitingReason = '-o=jsonpath={.status.containerStatuses[0].state.waiting.reason}'
  for (let i = 0; i < 100; i++) {
    if ((await kubectl('get', 'pod', '-n', errorNamespace, 'crashing', waitingReason)) === 'CrashLoopBackOff') return
    await sleep(250)
  }
}

const service = { selector: { app: 'nobody' }, ports: [{ port: 80 }] }

export async function removeErrorPods(): Promise<void> {
  await kubectl('delete', 'namespace', errorNamespace, '--wait=false')
}

async function applyObjects(text: string): Promise<void> {
  const child = spawn(lab.kubectl, ['--kubeconfig', lab.kubeconfig, 'apply', '-f', '-'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  child.stdin.end(text)
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`kubectl apply ended with ${String(code)}`)
}
