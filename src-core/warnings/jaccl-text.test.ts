import { describe, expect, it } from 'vitest'
import { serving } from '../testing/serving-macs'
import { isOutOfDomains, jacclErrors } from './jaccl-text'
import { warningsOf } from './warnings'

describe('an error of the RDMA backend', () => {
  it.each([
    '[jaccl] Buffer can be registered once per protection domain',
    '[jaccl] Register memory region failed',
    "[jaccl] Couldn't allocate protection domain",
    "[jaccl] Creating the queue pair failed with 'Resource temporarily unavailable (35)'.",
    "[jaccl] Couldn't create queue pair",
    '[jaccl] Changing queue pair to INIT failed with errno 16',
    '[jaccl] Changing queue pair to RTR failed with errno 22',
    '[jaccl] Could not find device rdma_en5 (0 available)',
    '[jaccl] Send failed with error code 5',
    '[jaccl] Recv failed with errno=54',
    "[jaccl] Couldn't connect (error: 60)",
    '[jaccl] The devices do not form a valid mesh.',
  ])('is %s', (text) => {
    expect(jacclErrors(`RuntimeError: ${text}`)).toEqual([text])
  })

  it.each([
    '[jaccl] Connection attempt 0 waiting 1000 ms',
    '[jaccl] Connection attempt 3 waiting 8000 ms',
    '[jaccl] dlsym(0x1f2, ibv_open_device): symbol not found',
    "RuntimeError: [ring] Couldn't connect (error: 60)",
    'Cannot initialize jaccl distributed backend.',
    '[jaccl] killed while it used RDMA: its protection domain may leak until this Mac restarts',
    'out of memory',
  ])('is not %s', (text) => {
    expect(jacclErrors(text)).toEqual([])
  })

  it('is found among the attempts before it, once', () => {
    const log = [
      '[jaccl] Connection attempt 0 waiting 1000 ms',
      '[jaccl] Connection attempt 1 waiting 2000 ms',
      "RuntimeError: [jaccl] Couldn't connect (error: 60)",
      "RuntimeError: [jaccl] Couldn't connect (error: 60)",
    ]
    expect(jacclErrors(log.join('\n'))).toEqual(["[jaccl] Couldn't connect (error: 60)"])
  })

  it('is distinguished from other lines of the worker about the same death', () => {
    const lost = '[jaccl] the RDMA connection to another machine was lost'
    const leak = '[jaccl] killed while it used RDMA: its protection domain may leak until this Mac restarts'
    expect(jacclErrors(`${lost}; ${leak}`)).toEqual([lost])
    expect(jacclErrors(`the runner did not answer any more; ${leak}`)).toEqual([])
  })
})

/** In the words of `src-main/worker/endings/causes.ts` for each recorded end; its own test checks these, log by log. */
describe('a worker’s words for a recorded death', () => {
  it.each<[string, string, 'driver' | 'domains' | undefined]>([
    ['jaccl_recv_errno2', '[jaccl] the RDMA connection to another machine was lost', 'driver'],
    ['jaccl_pd_exhausted', '[jaccl] RDMA ran out of resources that only a restart of this Mac gives back', 'domains'],
    [
      'an error that no sentence is known for',
      '[jaccl] the RDMA connection failed: Changing queue pair to INIT failed with errno 16',
      'driver',
    ],
    ['jaccl_connect_timeout', 'another machine could not be reached (JACCL)', undefined],
    [
      'jaccl_device_missing',
      'RDMA is not enabled on this Mac: turn it on with `rdma_ctl enable` in macOS Recovery',
      undefined,
    ],
    [
      'jaccl_no_gid, jaccl_rtr_errno22',
      'RDMA needs an IPv4 address on the Thunderbolt port, which must not be in a bridge: see System Settings → Network',
      undefined,
    ],
  ])('%s: %s', (_log, sentence, warned) => {
    expect(jacclErrors(sentence)).toEqual(warned === undefined ? [] : [sentence])
    expect(isOutOfDomains(sentence)).toBe(warned === 'domains')
    const { macs, id } = serving()
    macs.fail(id, sentence)
    const expected = { driver: ['jaccl-error'], domains: ['protection-domains', 'protection-domains'] }
    const codes = warningsOf(macs.state).map(({ code }) => code)
    expect(codes).toEqual(warned === undefined ? [] : expected[warned])
  })
})

describe('protection domains', () => {
  it.each([
    ["[jaccl] Couldn't allocate protection domain", true],
    ['could not allocate protection domain', true],
    ['RDMA ran out of resources that only a restart of this Mac gives back', true],
    ['[jaccl] Buffer can be registered once per protection domain', false],
    ['out of memory', false],
  ])('%s: %s', (text, out) => {
    expect(isOutOfDomains(text)).toBe(out)
  })
})
