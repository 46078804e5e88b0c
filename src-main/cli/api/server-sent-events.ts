import type { IncomingMessage } from 'node:http'
import { createParser, type EventSourceMessage } from 'eventsource-parser'

/**
 * Yields the server-sent events of a response. Leaving the loop closes the connection, which ends the stream at the
 * node. Throws the error that ended the connection.
 */
export async function* serverSentEvents(answer: IncomingMessage): AsyncGenerator<EventSourceMessage> {
  let pending: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (event) => void pending.push(event) })
  answer.setEncoding('utf8')
  for await (const part of answer) {
    parser.feed(String(part))
    const events = pending
    pending = []
    yield* events
  }
}
