/**
 * Runs `work` when the window is idle, after `withinMs` at the latest if given. Returns a function that cancels it.
 * Safari has no idle callback: there a timer of `SAFARI_MS` is used.
 */
export const whenIdle = (work: () => void, { withinMs }: { readonly withinMs?: number } = {}): (() => void) => {
  if (!('requestIdleCallback' in window)) {
    const timer = setTimeout(work, Math.min(SAFARI_MS, withinMs ?? SAFARI_MS))
    return () => clearTimeout(timer)
  }
  const planned = requestIdleCallback(work, withinMs === undefined ? {} : { timeout: withinMs })
  return () => cancelIdleCallback(planned)
}

const SAFARI_MS = 200
