import { webUtils } from 'electron'

/** Electron told a file's path by a property, before it had `webUtils`. */
type FileWithPath = File & { readonly path?: string }

/** As much of the DOM as is needed here; this side is checked without it. */
interface Drop {
  readonly isTrusted: boolean
  readonly dataTransfer: { readonly files: Iterable<FileWithPath> } | null
}
export interface DropTarget {
  addEventListener(kind: 'drop', listener: (event: Drop) => void, capture: true): void
}

const pathOf = (file: FileWithPath): string =>
  (webUtils as Partial<typeof webUtils> | undefined)?.getPathForFile?.(file) ?? file.path ?? ''

/**
 * Remembers what a person drops on the window, where it is one thing. A script of the page can make a drop up, but not
 * one that is trusted, and paths come from the system alone. Returns what takes the last path, once.
 */
export const followDrops = (target: DropTarget): (() => string | undefined) => {
  let last: string | undefined
  const dropped = ({ isTrusted, dataTransfer }: Drop): void => {
    if (!isTrusted) return
    const [file, ...more] = dataTransfer?.files ?? []
    last = (file && more.length === 0 && pathOf(file)) || undefined
  }
  // Before the page hears of it.
  target.addEventListener('drop', dropped, true)
  return () => {
    const taken = last
    last = undefined
    return taken
  }
}
