import { describe, expect, it } from 'vitest'
import { isOutOfDomains, jacclErrors } from './jaccl-text'

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
    'another machine could not be reached (JACCL)',
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

  it('is known in the words that a worker has for it', () => {
    expect(jacclErrors('the RDMA connection to another machine was lost (JACCL)')).toHaveLength(1)
    expect(jacclErrors('RDMA ran out of resources that only a restart of this Mac gives back')).toHaveLength(1)
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
