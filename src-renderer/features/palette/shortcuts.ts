import { pages, type Page } from '../../state/pages'
import { t } from '../../state/texts.svelte'

/** What a shortcut does. */
export type ShortcutAct =
  | { readonly kind: 'palette' }
  | { readonly kind: 'launch' }
  | { readonly kind: 'help' }
  | { readonly kind: 'undo' }
  | { readonly kind: 'page'; readonly page: Page }

export interface Shortcut {
  /** With the system's own key for commands; without, it is only taken where nothing is being typed. */
  readonly command: boolean
  readonly key: string
  readonly act: ShortcutAct
}

export const SHORTCUTS: readonly Shortcut[] = [
  { command: true, key: 'k', act: { kind: 'palette' } },
  { command: true, key: 'j', act: { kind: 'launch' } },
  { command: true, key: 'z', act: { kind: 'undo' } },
  ...pages.map((page, at): Shortcut => ({
    command: true,
    key: String(at + 1),
    act: { kind: 'page', page },
  })),
  { command: false, key: '?', act: { kind: 'help' } },
]

/** What a shortcut does, for people. */
export const doesText = (act: ShortcutAct): string =>
  act.kind === 'page' ? t(`app.page.${act.page}`) : t(`palette.does.${act.kind}`)

/** `⌘K` on a Mac, `Ctrl+K` elsewhere. */
export const keysText = ({ command, key }: Pick<Shortcut, 'command' | 'key'>, isMac: boolean): string => {
  const shown = key.toUpperCase()
  if (!command) return shown
  return isMac ? `⌘${shown}` : `Ctrl+${shown}`
}

/** A key that was pressed, and whether that was in a field. */
export interface Pressed {
  readonly key: string
  readonly metaKey: boolean
  readonly ctrlKey: boolean
  readonly altKey: boolean
  readonly typing: boolean
}

/** The shortcut that is meant; undefined where none is. Text fields keep their own undo. */
export const shortcutFor = (pressed: Pressed, isMac: boolean): Shortcut | undefined => {
  const { key, metaKey, ctrlKey, altKey, typing } = pressed
  if (altKey) return undefined
  const command = isMac ? metaKey && !ctrlKey : ctrlKey && !metaKey
  const none = !metaKey && !ctrlKey
  return SHORTCUTS.find((shortcut) => {
    if (shortcut.key !== key.toLowerCase()) return false
    if (typing && (!shortcut.command || shortcut.act.kind === 'undo')) return false
    return shortcut.command ? command : none
  })
}
