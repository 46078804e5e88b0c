import { request as overHttp, type IncomingMessage } from 'node:http'

export interface Sent {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Sends a request and resolves with its answer as soon as the head is there; rejects where no connection is made. Node's
 * `http`, because loading `fetch` takes 40 ms of processor time, which is a third of what `muster ps` may take.
 */
export const send = async ({ url, body, ...options }: Sent): Promise<IncomingMessage> => {
  const request = url.protocol === 'https:' ? (await import('node:https')).request : overHttp
  return new Promise((resolve, reject) => {
    const sent = request(url, options)
    sent.on('response', resolve)
    sent.on('error', reject)
    sent.end(body)
  })
}

/** The whole body of an answer. Rejects where the connection is cut, or the signal aborts, before its end. */
export const bodyText = async (answer: IncomingMessage): Promise<string> => {
  answer.setEncoding('utf8')
  let text = ''
  for await (const part of answer) text += String(part)
  return text
}
