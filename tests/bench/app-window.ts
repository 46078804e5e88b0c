import type { Page } from 'playwright'

/** A task that kept the window from drawing for more than 50 ms, as the browser reports it. */
export interface LongTask {
  readonly startTime: number
  readonly duration: number
}

/** Runs in the page before anything else: notes long tasks for `longTasks`. Texts, for nothing else here knows a DOM. */
export const NOTE_LONG_TASKS = `
  window.__longTasks = []
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) window.__longTasks.push({ startTime, duration })
  }).observe({ type: 'longtask', buffered: true })
`

/** The long tasks since the last call. */
export const longTasks = (page: Page): Promise<readonly LongTask[]> => page.evaluate('window.__longTasks.splice(0)')

export const drawn = (page: Page): Promise<void> =>
  page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done)))')

/** Milliseconds from a click, or from text that is put in, until the picture after it is drawn. */
export const untilDrawn = (page: Page, selector: string, text?: string): Promise<number> =>
  page.evaluate<number>(`(async () => {
    const element = document.querySelector(${JSON.stringify(selector)})
    const text = ${JSON.stringify(text ?? null)}
    if (!element) throw new Error('there is nothing at ' + ${JSON.stringify(selector)})
    const began = performance.now()
    if (text === null) element.click()
    else {
      element.value = text
      element.dispatchEvent(new Event('input', { bubbles: true }))
    }
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
    return performance.now() - began
  })()`)
