import { app } from 'electron'
import type { Preferences } from './preferences'

/** Shows the app in the macOS Dock, or in the menu bar only. Returns a disposer. */
export const followDock = (preferences: Pick<Preferences, 'current' | 'subscribe'>): (() => void) => {
  const apply = ({ dockIcon }: { readonly dockIcon: boolean }): void => {
    if (dockIcon) void app.dock?.show()
    else app.dock?.hide()
  }
  if (!preferences.current().dockIcon) apply(preferences.current())
  return preferences.subscribe(apply)
}
