import type { InviteAnswer } from '@core/protocols/cluster'

const MINUTE = 60_000

/** A one-time token that admits a machine. */
export class Invitation {
  current: InviteAnswer | undefined = $state.raw()
  problem: unknown = $state.raw()
  busy = $state(false)

  constructor(private readonly ask: () => Promise<InviteAnswer>) {}

  /** Creates a token; earlier ones stay valid until they expire. */
  async create(): Promise<void> {
    this.busy = true
    try {
      this.current = await this.ask()
      this.problem = undefined
    } catch (error) {
      this.problem = error
    } finally {
      this.busy = false
    }
  }
}

/** Remaining time as `9:05`; undefined when expired. */
export const countdown = (expiresAt: number, now: number): string | undefined => {
  const left = Math.ceil((expiresAt - now) / 1000) * 1000
  if (left <= 0) return undefined
  return `${Math.floor(left / MINUTE)}:${String((left % MINUTE) / 1000).padStart(2, '0')}`
}

/** The command to type on a machine without a window. */
export const joinCommand = (token: string): string => `muster join ${token}`
