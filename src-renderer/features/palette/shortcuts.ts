import { pages, type Page } from '../../state/pages'
import { t } from '../../state/texts.svelte'

/** The action of a shortcut. */
export type ShortcutAct =
  | { readonly kind: 'palette' }
  | { readonly kind: 'launch' }
  | { readonly kind: 'help' }
  | { readonly kind: 'undo' }
  | { readonly kind: 'page'; readonly page: Page }

export interface Shortcut {
  /** Requires the system's command key; without it, a shortcut works only outside text fields. */
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

/** Description of a shortcut. */
export const doesText = (act: ShortcutAct): string =>
  act.kind === 'page' ? t(`app.page.${act.page}`) : t(`palette.does.${act.kind}`)

/** `⌘K` on a Mac, `Ctrl+K` elsewhere. */
export const keysText = ({ command, key }: Pick<Shortcut, 'command' | 'key'>, isMac: boolean): string => {
  const shown = key.toUpperCase()
  if (!command) return shown
  return isMac ? `⌘${shown}` : `Ctrl+${shown}`
}

/** A pressed key, and whether it was in a text field. */
export interface Pressed {
  readonly key: string
  /** Where the key is, by the sign that it has in the layout of the United States: `KeyK`, `Digit1`. */
  readonly code: string
  readonly metaKey: boolean
  readonly ctrlKey: boolean
  readonly altKey: boolean
  readonly shiftKey: boolean
  readonly typing: boolean
}

/**
 * The letter or digit in whose place the layout has another sign: Cyrillic letters, or French signs below the digits. With
 * Shift every layout may have one there; and where the sign zooms, as Czech + and French -, it is the browser's.
 */
const replaced = ({ key, code, shiftKey }: Pressed): string | undefined => {
  const [, letter, digit] = /^(?:Key([A-Z])|Digit(\d))$/.exec(code) ?? []
  if (letter !== undefined) return /^[^\p{ASCII}]$/u.test(key) ? letter.toLowerCase() : undefined
  return shiftKey || /^[a-z\d+=-]$/i.test(key) ? undefined : digit
}

/** The matching shortcut, if any. Text fields keep their own undo. */
export const shortcutFor = (pressed: Pressed, isMac: boolean): Shortcut | undefined => {
  const { key, metaKey, ctrlKey, altKey, typing } = pressed
  if (altKey) return undefined
  const command = isMac ? metaKey && !ctrlKey : ctrlKey && !metaKey
  const none = !metaKey && !ctrlKey
  return SHORTCUTS.find((shortcut) => {
    if (shortcut.key !== key.toLowerCase() && !(shortcut.command && shortcut.key === replaced(pressed))) return false
    if (typing && (!shortcut.command || shortcut.act.kind === 'undo')) return false
    return shortcut.command ? command : none
  })
}
