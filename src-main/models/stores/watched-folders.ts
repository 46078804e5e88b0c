import { watch, type FSWatcher } from 'node:fs'

export interface WatchedFolders {
  /** Replaces the set of watched folders. Folders that cannot be watched (missing, over the limit) are skipped. */
  set(folders: readonly string[]): void
  close(): void
}

/**
 * Maximum number of watched folders: each watch costs a descriptor or an inotify watch, which are shared with other
 * programs.
 */
const LIMIT = 500

/**
 * Calls `onChange` once per burst of changes, `quietMs` after the first one. Only a hint: file systems drop events, and
 * deeper changes are not seen.
 */
export const watchFolders = (options: { readonly quietMs: number; onChange(): void }): WatchedFolders => {
  const watchers = new Map<string, FSWatcher>()
  let timer: NodeJS.Timeout | undefined

  const changed = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      options.onChange()
    }, options.quietMs)
    timer.unref()
  }
  const stop = (folder: string): void => {
    watchers.get(folder)?.close()
    watchers.delete(folder)
  }
  const start = (folder: string): void => {
    try {
      const watcher = watch(folder, { persistent: false }, changed)
      watcher.on('error', () => {
        stop(folder)
        changed()
      })
      watchers.set(folder, watcher)
    } catch {
      // Missing folder, or the system's limit: a rescan on demand finds the changes.
    }
  }
  return {
    set: (folders) => {
      const wanted = new Set(folders.slice(0, LIMIT))
      for (const folder of [...watchers.keys()]) if (!wanted.has(folder)) stop(folder)
      for (const folder of wanted) if (!watchers.has(folder)) start(folder)
    },
    close: () => {
      clearTimeout(timer)
      for (const folder of [...watchers.keys()]) stop(folder)
    },
  }
}
