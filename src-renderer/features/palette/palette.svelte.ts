import type { AppState } from '../../state/app.svelte'
import type { PaletteAct } from './palette-commands'
import { shortcutFor, type ShortcutAct } from './shortcuts'
import { t } from '../../state/texts.svelte'

/** State of the command palette and the shortcut sheet. */
export class Palette {
  open: 'commands' | 'help' | undefined = $state()

  constructor(private readonly app: AppState) {}

  get isMac(): boolean {
    return /mac/i.test(navigator.userAgent)
  }

  /** Handles shortcut keys; other keys are left to the page. */
  readonly pressed = (event: KeyboardEvent): void => {
    const { key, code, metaKey, ctrlKey, altKey, shiftKey, target } = event
    const typing = target instanceof HTMLElement && target.closest('input, textarea, select') !== null
    const shortcut = shortcutFor({ key, code, metaKey, ctrlKey, altKey, shiftKey, typing }, this.isMac)
    // Shortcuts are off behind a modal dialog; the palette's own key still closes it. The setup has the window for itself.
    const modal = document.querySelector('dialog[open]') !== null
    if (!shortcut || event.defaultPrevented || (modal && this.open === undefined) || this.app.setup.shown) return
    event.preventDefault()
    // A key that is held down would open and close it, and undo one launch after the other.
    if (!event.repeat) this.shortcut(shortcut.act)
  }

  async run(act: PaletteAct): Promise<void> {
    const { app } = this
    this.open = undefined
    switch (act.kind) {
      case 'page':
        return app.route.return(act.page)
      case 'launch':
        return void (app.launching = { kind: 'declare', modelId: act.modelId })
      case 'launchForm':
        return void (app.launching = { kind: 'declare' })
      case 'chat':
        return app.route.go('chat', { model: act.metaInstanceId })
      case 'show':
        return app.route.go('cluster', { model: act.metaInstanceId })
      case 'pause':
        await app.attempt(act.paused ? t('palette.pauseFailed') : t('palette.resumeFailed'), () =>
          app.api.fetch(`/meta_instance/${act.metaInstanceId}`, { method: 'PATCH', json: { paused: act.paused } }),
        )
        return
      case 'addMachine':
        return void (app.machines = { kind: 'add' })
      case 'doctor':
        return void (app.machines = { kind: 'doctor' })
      case 'setup':
        return app.setup.open()
      case 'help':
        return void (this.open = 'help')
      case 'theme':
        return void (app.appearance.theme = act.theme)
    }
  }

  private shortcut(act: ShortcutAct): void {
    switch (act.kind) {
      case 'palette':
        return void (this.open = this.open === 'commands' ? undefined : 'commands')
      case 'help':
        return void (this.open = 'help')
      case 'launch':
        this.open = undefined
        return void (this.app.launching = { kind: 'declare' })
      case 'undo':
        return void this.app.launches.undo()
      case 'page':
        this.open = undefined
        return this.app.route.return(act.page)
    }
  }
}
