import { vi } from 'vitest'

/**
 * Retries an expectation until it holds, with a limit generous enough for a busy machine, and returns its value; fails
 * with the last error.
 */
export const eventually = <Seen>(seen: () => Seen | Promise<Seen>): Promise<Seen> =>
  vi.waitFor(seen, { timeout: 30_000, interval: 20 })
