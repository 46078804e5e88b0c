import type { Terminal } from '@xterm/xterm'
import type { Attachment } from 'svelte/attachments'
import { pageWithoutInlineStyle, withoutInlineStyle } from './without-inline-style'

interface Size {
  readonly columns: number
  readonly rows: number
}

/** Lines that can be scrolled back to. */
const SCROLLBACK = 2000

const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

const colours = () => ({
  background: token('--surface-sunken'),
  foreground: token('--ink'),
  cursor: token('--surface-sunken'),
  selectionBackground: token('--accent-soft'),
})

/** Writes what is new; starts afresh where the beginning has changed. */
const follow = (terminal: Terminal, printed: () => string): (() => void) => {
  let written = ''
  return () => {
    const text = printed()
    if (!text.startsWith(written)) {
      terminal.reset()
      written = ''
    }
    terminal.write(text.slice(written.length))
    written = text
  }
}

/** Shows in the element what is printed, as a terminal does; nothing can be typed. The library is loaded when it is needed. */
export const showsTerminal =
  (printed: () => string, { columns, rows }: Size): Attachment<HTMLElement> =>
  (element) => {
    let terminal: Terminal | undefined
    let write: (() => void) | undefined
    let gone = false
    const dark = window.matchMedia('(prefers-color-scheme: dark)')
    const recolour = (): void => {
      if (terminal) terminal.options.theme = colours()
    }
    const open = async (): Promise<void> => {
      const [{ Terminal }] = await Promise.all([import('@xterm/xterm'), import('@xterm/xterm/css/xterm.css')])
      if (gone) return
      const opened = new Terminal({
        cols: columns,
        rows,
        scrollback: SCROLLBACK,
        disableStdin: true,
        cursorStyle: 'underline',
        cursorInactiveStyle: 'none',
        fontFamily: token('--mono'),
        fontSize: 11,
        minimumContrastRatio: 4.5,
        theme: colours(),
        documentOverride: pageWithoutInlineStyle(document),
      })
      withoutInlineStyle(document, () => opened.open(element))
      terminal = opened
      write = follow(opened, printed)
      write()
      dark.addEventListener('change', recolour)
    }
    void open()
    // An effect: the terminal draws itself, and has to be told what is new.
    $effect(() => {
      printed()
      write?.()
    })
    return () => {
      gone = true
      dark.removeEventListener('change', recolour)
      terminal?.dispose()
    }
  }
