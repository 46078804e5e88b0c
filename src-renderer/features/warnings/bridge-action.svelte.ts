import type { BridgedPortsAnswer, BridgedPortsRequest, DesktopApi } from '@core/protocols/desktop'
import { t } from '../../state/texts.svelte'

const NOTHING: BridgedPortsAnswer = { release: [], undo: [], outcome: 'shown' }

/** Removes this Mac's Thunderbolt ports from their network bridge and restores them. Desktop app only. */
export class BridgeAction {
  private answer: BridgedPortsAnswer = $state.raw(NOTHING)
  busy = $state(false)
  readonly release = $derived(this.answer.release)
  readonly undo = $derived(this.answer.undo)
  readonly unavailable = $derived(this.answer.unavailable)
  /** Result of the last attempt. */
  readonly said = $derived.by(() => {
    switch (this.answer.outcome) {
      case 'shown':
        return undefined
      case 'done':
        return this.undo.length > 0 ? t('warnings.bridge.out') : t('warnings.bridge.in')
      case 'declined':
        return t('warnings.bridge.declined')
      case 'changed':
        return t('warnings.bridge.changed')
      case 'failed':
        return t('warnings.bridge.failed', { problem: this.answer.problem ?? t('warnings.bridge.noReason') })
    }
  })

  constructor(private readonly desktop: Pick<DesktopApi, 'bridgedPorts'> | undefined) {}

  /** Never fails: if it cannot be read, the action is hidden. */
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
