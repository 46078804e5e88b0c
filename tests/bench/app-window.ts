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

/** Milliseconds of processor time that the window's thread has spent: what else the machine does is not counted. */
export const threadTime = async (page: Page): Promise<() => Promise<number>> => {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN)
  }
}

/** What a user does with an element: clicks it, fills it in, or presses a key while it has the focus. */
export type Act =
  | { readonly kind: 'click'; readonly at: string }
  | { readonly kind: 'fill'; readonly at: string; readonly text: string }
  | { readonly kind: 'choose'; readonly at: string; readonly option: number }
  | { readonly kind: 'press'; readonly key: string }

/** Runs an act in the page and resolves once the picture after it is drawn. */
export const untilDrawn = (page: Page, act: Act): Promise<void> =>
  page.evaluate(`(async () => {
    const act = ${JSON.stringify(act)}
    const find = () =>
      act.kind === 'press' ? (document.activeElement ?? document.body) : document.querySelector(act.at)
    // A dialog of a busy machine may not be open yet.
    for (const until = Date.now() + 30_000; !find() && Date.now() < until; )
      await new Promise((done) => requestAnimationFrame(done))
    const element = find()
    if (!element) throw new Error('there is nothing at ' + act.at)
    const tell = (type) => element.dispatchEvent(new Event(type, { bubbles: true }))
    if (act.kind === 'click') element.click()
    else if (act.kind === 'fill') {
      element.value = act.text
      tell('input')
    } else if (act.kind === 'choose') {
      element.selectedIndex = act.option
      tell('change')
    } else {
      const pressed = { key: act.key, ctrlKey: true, bubbles: true, cancelable: true }
      element.dispatchEvent(new KeyboardEvent('keydown', pressed))
    }
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
  })()`)
