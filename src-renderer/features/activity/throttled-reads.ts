/** Minimum interval between reads. */
const INTERVAL_MS = 1000

/** Reads at once, and again after `changed`, throttled to once a second. */
export const throttledReads = (read: () => Promise<void>): { changed(): void; close(): void } => {
  let timer: ReturnType<typeof setTimeout> | undefined
  void read()
  return {
    changed: () => {
      timer ??= setTimeout(() => {
        timer = undefined
        void read()
      }, INTERVAL_MS)
    },
    close: () => clearTimeout(timer),
  }
}
