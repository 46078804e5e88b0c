import { watch, type FSWatcher } from 'node:fs'

export interface WatchedFolders {
  /** Watches exactly these folders from now on. What cannot be watched (missing, too many) is passed over. */
  set(folders: readonly string[]): void
  close(): void
}

/** Each costs a descriptor or an inotify watch, which other programs need too. */
const LIMIT = 500

/**
 * Calls `onChange` once after things in the folders have been changing, `quietMs` after the first change: files are
 * written in bursts. Only a hint: file systems forget events, and what is deeper down is not seen.
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
      // Missing, or the system's limit is reached: a look on demand finds what changed.
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
