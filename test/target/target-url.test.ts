import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { formatTargetUrl, parseTargetUrl } from '../../src/target/target-url.ts'

function refusalOf(url: string): KcapError {
  try {
    parseTargetUrl(url)
  } catch (error) {
    if (error instanceof KcapError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('parseTargetUrl', () => {
  test.each([
    ['kcap:prod/shop/orders-6c9f', { context: 'prod', namespace: 'shop', word: 'pod/orders-6c9f', ports: [] }],
    ['kcap:prod/shop/pod/web-0', { namespace: 'shop', word: 'pod/web-0' }],
    ['kcap:prod/shop/svc/orders?port=8080', { namespace: 'shop', word: 'svc/orders', ports: ['8080'] }],
    ['kcap:prod/shop/deployments.apps/orders', { word: 'deploy/orders' }],
    ['kcap:prod/svc/svc/orders', { namespace: 'svc', word: 'svc/orders' }],
    ['kcap:prod/node/worker-1.example.com', { namespace: undefined, word: 'node/worker-1.example.com' }],
    ['kcap:prod/node/pod/web-0', { namespace: 'node', word: 'pod/web-0' }],
    ['KCAP:Prod/shop/web-0', { context: 'Prod' }],
    ['kcap:arn:aws:eks:eu-west-1:12:cluster%2Fshop/shop/web-0', { context: 'arn:aws:eks:eu-west-1:12:cluster/shop' }],
    ['kcap:my%20cluster%C3%A9/shop/web-0', { context: 'my clusteré' }],
    ['kcap:a/b/c?port=80,443&port=8000-8010&port=https', { ports: ['80', '443', '8000-8010', 'https'] }],
  ])('reads %s', (url, parts) => {
    expect(parseTargetUrl(url)).toMatchObject(parts)
  })

  test.each([
    '',
    'kcap:',
    'kcap:prod',
    'kcap:prod/shop',
    'kcap:prod/shop/svc/orders/more',
    'kcap:/shop/web-0',
    'kcap:prod//web-0',
    'kcap://prod/shop/web-0',
    'kcap:prod/shop/web-0/',
    'http:prod/shop/web-0',
    // A kind needs its namespace; a node has none.
    'kcap:prod/svc/orders',
    'kcap:prod/shop/node/worker-1',
    'kcap:prod/shop/ns/x',
    // Options.
    'kcap:--kubeconfig=x/shop/web-0',
    'kcap:%2D%2Dvia/shop/web-0',
    'kcap:prod/--via/ephemeral',
    'kcap:prod/shop/--output',
    'kcap:prod/shop/svc/-o',
    'kcap:prod/shop/web-0?via=ephemeral',
    'kcap:prod/shop/web-0?port=80&output=x',
    'kcap:prod/shop/web-0?namespace=x',
    'kcap:prod/shop/web-0?port=80;output=x',
    'kcap:prod/shop/web-0#port=80',
    // Ports.
    'kcap:prod/shop/web-0?',
    'kcap:prod/shop/web-0?port=',
    'kcap:prod/shop/web-0?port=80,',
    'kcap:prod/shop/web-0?port=-o',
    'kcap:prod/shop/web-0?port=99999',
    'kcap:prod/shop/web-0?port=2-1',
    'kcap:prod/shop/web-0?port=80%20or%20host%201.1.1.1',
    'kcap:prod/shop/web-0?port=80)%20or%20(tcp',
    `kcap:prod/shop/web-0?port=${Array.from({ length: 33 }, () => 80).join(',')}`,
    // Characters.
    'kcap:prod/shop/web-0\n',
    'kcap:prod/shop/web-0%0A--via',
    'kcap:prod%0A/shop/web-0',
    'kcap:prod%00/shop/web-0',
    'kcap:prod/shop/web-0%00',
    'kcap:prod%1B%5B2J/shop/web-0',
    'kcap:prod%E2%80%AEdorp/shop/web-0',
    'kcap:pr%E2%80%8Bod/shop/web-0',
    'kcap:%F3%A0%81%81/shop/web-0',
    'kcap:prod%FF/shop/web-0',
    'kcap:prod%/shop/web-0',
    'kcap:prod%2/shop/web-0',
    'kcap:%20/shop/web-0',
    'kcap:prod%20/shop/web-0',
    'kcap:prod/shop/$(id)',
    'kcap:prod/shop/`id`',
    'kcap:prod/shop/web;id',
    'kcap:prod/shop/web%3Bid',
    'kcap:prod/shop/web|id',
    'kcap:prod/shop/web&id',
    'kcap:prod/shop/"web"',
    "kcap:prod/shop/'web'",
    'kcap:prod/shop/web 0',
    'kcap:prod/shop/%2E%2E%2F%2E%2E',
    'kcap:prod/../../etc',
    'kcap:prod/shop/web%2F0',
    'kcap:prod/shop/web%250',
    'kcap:prod/shop/web-*',
    'kcap:prod/shop/web-%2A',
    'kcap:prod/shop/web-%3F',
    'kcap:prod/*/web-0',
    'kcap:prod/shop/ssh:%2F%2Fhost',
    'kcap:prod/Shop/web-0',
    'kcap:prod/shop/WEB',
    `kcap:prod/shop/${'a'.repeat(254)}`,
    `kcap:${'a'.repeat(10_000)}/shop/web-0`,
    `kcap:${'a'.repeat(513)}/shop/web-0`,
  ])('refuses %j', (url) => {
    const { code, exitCode, message } = refusalOf(url)
    expect([code, exitCode]).toEqual(['usage', 2])
    expect(message.length).toBeLessThan(300)
  })

  test('refuses any text or reads one that formatTargetUrl writes again', () => {
    const pieces = fc.constantFrom(
      'kcap:',
      'prod',
      '/',
      'svc',
      '?port=',
      '80',
      '%',
      '%2F',
      '-',
      'a',
      '&',
      '#',
      '\n',
      '*',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (tail) => {
        const url = `kcap:${tail}`
        let parsed: ReturnType<typeof parseTargetUrl>
        try {
          parsed = parseTargetUrl(url)
        } catch (error) {
          expect(error).toMatchObject({ code: 'usage' })
          return
        }
        expect(parseTargetUrl(formatTargetUrl(parsed))).toEqual(parsed)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('formatTargetUrl', () => {
  const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?$/)
  const context = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .filter((text) => !/[\p{C}\p{Zl}\p{Zp}]|^-|^\s|\s$/u.test(text))
  const kind = fc.constantFrom('pod', 'svc', 'deploy', 'sts', 'ds', 'rs', 'job', 'cronjob')
  const port = fc.oneof(
    fc.integer({ min: 0, max: 65_535 }).map(String),
    fc.constantFrom('https', '8000-8010', 'postgresql'),
  )

  test('writes what parseTargetUrl reads, for every context, namespace, kind and port', () => {
    const urls = fc.record({
      context,
      namespace: fc.oneof(name, fc.constantFrom('node', 'svc', 'pods', 'ns')),
      word: fc.tuple(kind, name).map((words) => words.join('/')),
      ports: fc.array(port, { maxLength: 5 }),
    })
    fc.assert(
      fc.property(urls, (url) => {
        expect(parseTargetUrl(formatTargetUrl(url))).toEqual(url)
      }),
    )
  })

  test('writes a node without a namespace', () => {
    const url = { context: 'prod', namespace: undefined, word: 'node/worker-1', ports: [] }
    expect(formatTargetUrl(url)).toBe('kcap:prod/node/worker-1')
    expect(parseTargetUrl('kcap:prod/node/worker-1')).toEqual(url)
  })

  test('encodes every character that a shell, a browser or a desktop file could interpret', () => {
    const url = formatTargetUrl({
      context: `a/b:c@d $'"%!()*;&|`,
      namespace: 'shop',
      word: 'svc/x',
      ports: ['80', '443'],
    })
    expect(url).toBe('kcap:a%2Fb:c@d%20%24%27%22%25%21%28%29%2A%3B%26%7C/shop/svc/x?port=80,443')
  })

  test.each(['-x', 'a\u202eb', 'a\nb', '\ud800', 'x '])('refuses the context %j', (bad) => {
    expect(() => formatTargetUrl({ context: bad, namespace: 'shop', word: 'svc/x', ports: [] })).toThrow(
      'its context cannot be the name of one',
    )
  })
})
