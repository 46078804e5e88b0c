/** So often at most something is read again that changes all the time. */
const AGAIN_MS = 1000

/** Reads at once, and again when told that something has changed, but not more often than once a second. */
export const readsAgain = (read: () => Promise<void>): { changed(): void; close(): void } => {
  let timer: ReturnType<typeof setTimeout> | undefined
  void read()
  return {
    changed: () => {
      timer ??= setTimeout(() => {
        timer = undefined
        void read()
      }, AGAIN_MS)
    },
    close: () => clearTimeout(timer),
  }
}
