import { createParser, type EventSourceMessage } from 'eventsource-parser'

/** The events of an answer, as they come. Throws what its connection ends with. */
export async function* serverSentEvents(response: Response): AsyncGenerator<EventSourceMessage> {
  if (!response.body) return
  let pending: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (event) => void pending.push(event) })
  const decoder = new TextDecoder()
  const reader = response.body.getReader()
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parser.feed(decoder.decode(part.value, { stream: true }))
      const events = pending
      pending = []
      yield* events
    }
  } finally {
    // Whoever reads no further wants no more of it; the node ends the answer then.
    await reader.cancel().catch(() => undefined)
  }
}
