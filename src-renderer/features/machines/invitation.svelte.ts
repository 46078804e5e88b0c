import type { InviteAnswer } from '@core/protocols/cluster'

const MINUTE = 60_000

/** A token that lets one machine in, while it is good. */
export class Invitation {
  current: InviteAnswer | undefined = $state.raw()
  problem: unknown = $state.raw()
  busy = $state(false)

  constructor(private readonly ask: () => Promise<InviteAnswer>) {}

  /** Makes a new one; one made before stays good until it expires. */
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

/** `9:05`, or undefined when it is over. */
export const countdown = (expiresAt: number, now: number): string | undefined => {
  const left = Math.ceil((expiresAt - now) / 1000) * 1000
  if (left <= 0) return undefined
  return `${Math.floor(left / MINUTE)}:${String((left % MINUTE) / 1000).padStart(2, '0')}`
}

/** What is typed on the other machine, where it has no window. */
export const joinCommand = (token: string): string => `muster join ${token}`
