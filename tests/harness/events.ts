import { fold } from '@core/fold/fold'
import { EventStreamMessage } from '@core/protocols/event-stream'
import type { State } from '@core/state/state'

/** All states that a node goes through, folded from its event stream as in the app. */
export async function* follow(url: string, signal: AbortSignal): AsyncGenerator<State> {
  const response = await fetch(`${url}/events`, { signal, headers: { accept: 'text/event-stream' } })
  if (!response.ok || !response.body) throw new Error(`/events answered ${response.status}`)
  let state: State | undefined
  let buffered = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    buffered += decoder.decode(chunk, { stream: true })
    const blocks = buffered.split('\n\n')
    buffered = blocks.pop() ?? ''
    for (const block of blocks) {
      const data = block
        .split('\n')
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).trimStart())
        .join('\n')
      if (data === '') continue
      const message = EventStreamMessage.parse(JSON.parse(data))
      if (message.kind === 'snapshot') state = message.state
      else if (state) state = fold(state, message.envelope)
      if (state) yield state
    }
  }
}
