import { onDestroy } from 'svelte'

interface DialogActionOptions {
  /** Closes the dialog. */
  readonly close: () => void
  /** Shows an error where the dialog that asked is gone. */
  readonly failed: (what: string, error: unknown) => void
}

/**
 * What a dialog asks for. The user may close it before the answer comes: then it closes no other dialog, and its error is
 * not lost. To be made while the dialog's component is.
 */
export class DialogAction {
  busy = $state(false)
  problem: unknown = $state.raw()
  private isOpen = true

  constructor(private readonly options: DialogActionOptions) {
    onDestroy(() => (this.isOpen = false))
  }

  /** @param what says what failed, if it does */
  async run(what: string, act: () => Promise<unknown>): Promise<void> {
    if (this.busy) return
    this.busy = true
    try {
      await act()
      if (this.isOpen) this.options.close()
    } catch (error) {
      if (this.isOpen) this.problem = error
      else this.options.failed(what, error)
    } finally {
      this.busy = false
    }
  }
}
