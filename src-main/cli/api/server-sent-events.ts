import type { IncomingMessage } from 'node:http'
import { createParser, type EventSourceMessage } from 'eventsource-parser'

/**
 * The events of an answer, as they come. Whoever reads no further closes the connection, and the node ends the answer.
 * Throws what its connection ends with.
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
