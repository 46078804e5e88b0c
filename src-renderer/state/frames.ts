/** Maximum delay in a hidden window, which gets no animation frames, so that it is current when shown. */
const HIDDEN_MS = 250

/** Calls `act` once before the next frame. Returns the function that cancels it. */
export const beforeNextFrame = (act: () => void): (() => void) => {
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

/** Calls `act` after what the window has to do now: input, drawing. Returns the function that cancels it. */
export const inNextTask = (act: () => void): (() => void) => {
  const timer = setTimeout(act)
  return () => clearTimeout(timer)
}
