import type { BridgedPortsAnswer, BridgedPortsRequest, DesktopApi } from '@core/protocols/desktop'

const NOTHING: BridgedPortsAnswer = { release: [], undo: [], outcome: 'shown' }

/** Takes this Mac's Thunderbolt ports out of their bridge, and puts them back: what the desktop app can do and a browser cannot. */
export class BridgeAction {
  private answer: BridgedPortsAnswer = $state.raw(NOTHING)
  busy = $state(false)
  readonly release = $derived(this.answer.release)
  readonly undo = $derived(this.answer.undo)
  readonly unavailable = $derived(this.answer.unavailable)
  /** How the last attempt went, in a sentence. */
  readonly said = $derived.by(() => {
    switch (this.answer.outcome) {
      case 'shown':
        return undefined
      case 'done':
        return this.undo.length > 0
          ? 'Done: the ports are out of the bridge.'
          : 'Done: the ports are in the bridge again.'
      case 'declined':
        return 'Nothing was changed: you did not allow it.'
      case 'changed':
        return 'Nothing was changed: the ports are others now than they were. Look at the commands again.'
      case 'failed':
        return `It did not work: ${this.answer.problem ?? 'macOS does not say why'}`
    }
  })

  constructor(private readonly desktop: Pick<DesktopApi, 'bridgedPorts'> | undefined) {}

  /** Never fails: where it cannot be asked it is not offered. */
  async read(): Promise<void> {
    this.answer = (await this.desktop?.bridgedPorts({ action: 'show' }).catch(() => undefined)) ?? NOTHING
  }

  takeOut(): Promise<void> {
    return this.ask({ action: 'release', commands: [...this.release] })
  }

  putBack(): Promise<void> {
    return this.ask({ action: 'undo', commands: [...this.undo] })
  }

  private async ask(request: BridgedPortsRequest): Promise<void> {
    if (!this.desktop || this.busy) return
    this.busy = true
    try {
      this.answer = await this.desktop.bridgedPorts(request)
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      this.answer = { ...this.answer, outcome: 'failed', problem }
    } finally {
      this.busy = false
    }
  }
}
