import type { Terminal } from '@xterm/xterm'
import type { Attachment } from 'svelte/attachments'
import { withoutStyleElements } from './without-style-elements'

interface Size {
  readonly columns: number
  readonly rows: number
}

/** Matches `--text-3`. In rem, because xterm takes pixels and the user's text size may be larger. */
const TEXT_REM = 0.6875
/** Scrollback lines. */
const SCROLLBACK = 2000

const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/**
 * The 16 terminal colours, readable on the background in both themes. xterm's own contrast option uses style
 * attributes, which the page's policy forbids.
 */
const colours = () => {
  const [ink, quiet, red, green] = [token('--ink'), token('--ink-2'), token('--failed'), token('--ready')]
  const [yellow, blue, cyan] = [token('--retrying'), token('--working'), token('--accent')]
  const ground = token('--surface-sunken')
  return {
    ...{ background: ground, foreground: ink, cursor: ground, selectionBackground: token('--accent-soft') },
    ...{ black: ink, red, green, yellow, blue, magenta: blue, cyan, white: quiet },
    ...{ brightBlack: quiet, brightRed: red, brightGreen: green, brightYellow: yellow },
    ...{ brightBlue: blue, brightMagenta: blue, brightCyan: cyan, brightWhite: ink },
  }
}

/** Writes appended text; resets the terminal if the beginning changed. */
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

/** Shows output in the element as a read-only terminal. The library is loaded on demand. */
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
        fontSize: TEXT_REM * parseFloat(getComputedStyle(document.documentElement).fontSize),
        theme: colours(),
      })
      withoutStyleElements(document, () => opened.open(element))
      terminal = opened
      write = follow(opened, printed)
      write()
      dark.addEventListener('change', recolour)
    }
    void open()
    // Effect: the terminal draws itself and must be given new output.
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
