import { once } from 'node:events'
import WebSocket from 'ws'
import { z } from 'zod'
import { PATIENCE_MS } from './patience'

const Pages = z.array(z.object({ type: z.string(), url: z.string(), webSocketDebuggerUrl: z.string() }))
const Answer = z.object({
  id: z.number().optional(),
  result: z.object({ result: z.object({ value: z.unknown() }) }).optional(),
})

const EVERY_MS = 100
const ALL_TEXT = 'document.body.innerText'

/**
 * A window's page over the Chrome DevTools protocol: for a packaged Electron, whose main process accepts no inspector
 * and whose browser lacks what Playwright needs.
 */
export class PageProbe {
  private asked = 0

  private constructor(
    readonly url: string,
    private readonly socket: WebSocket,
  ) {}

  /** Waits for the first page of a browser that listens there. */
  static async open(host: string): Promise<PageProbe> {
    for (;;) {
      const pages = Pages.parse(await (await fetch(`http://${host}/json/list`)).json())
      const page = pages.find(({ type }) => type === 'page')
      if (page !== undefined) {
        const socket = new WebSocket(page.webSocketDebuggerUrl)
        await once(socket, 'open')
        return new PageProbe(page.url, socket)
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
    }
  }

  /** Evaluates an expression in the page; promises are awaited. */
  evaluate(expression: string): Promise<unknown> {
    this.asked += 1
    const id = this.asked
    const params = { expression, awaitPromise: true, returnByValue: true }
    return new Promise((resolve, reject) => {
      const take = (data: WebSocket.RawData): void => {
        const answer = Answer.parse(JSON.parse(String(data)))
        if (answer.id !== id) return
        this.socket.off('message', take).off('close', gone)
        resolve(answer.result?.result.value)
      }
      const gone = (): void => reject(new Error('The page is gone'))
      this.socket.on('message', take).once('close', gone)
      this.socket.send(JSON.stringify({ id, method: 'Runtime.evaluate', params }))
    })
  }

  /** Waits until an expression in the page is true, for a minute at most. */
  async until(expression: string): Promise<void> {
    const limit = performance.now() + PATIENCE_MS
    while ((await this.evaluate(expression)) !== true) {
      if (performance.now() > limit)
        throw new Error(`timed out waiting for ${expression}; the page says: ${String(await this.evaluate(ALL_TEXT))}`)
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
    }
  }

  close(): void {
    this.socket.close()
  }
}
