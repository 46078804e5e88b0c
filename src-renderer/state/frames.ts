/** A window that is hidden draws no pictures; what it shows must not be older than this when it is called up. */
const HIDDEN_MS = 250

/** Calls `act` once, before the next picture is drawn. Returns how to call it off. */
export const beforeNextPicture = (act: () => void): (() => void) => {
  const settle = (): void => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
  const once = (): void => {
    settle()
    act()
  }
  const frame = requestAnimationFrame(once)
  const timer = setTimeout(once, HIDDEN_MS)
  return settle
}
