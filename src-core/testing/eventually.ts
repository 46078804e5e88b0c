import { vi } from 'vitest'

/** Waits until what is expected holds, for as long as a busy machine may take, and gives it; fails with what was seen last. */
export const eventually = <Seen>(seen: () => Seen | Promise<Seen>): Promise<Seen> =>
  vi.waitFor(seen, { timeout: 30_000, interval: 20 })
