/**
 * Runs `work` when the window has nothing to draw, after `withinMs` at the latest if given. Returns the function that
 * calls it off. Safari tells no page when its window is idle: there a timer of `SAFARI_MS` stands for it.
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
