import { connect } from 'node:net'
import { text as allText } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EventStreamMessage } from '@core/protocols/event-stream'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'

interface Received {
  readonly id: string
  readonly message: EventStreamMessage
}

describe('the event stream', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let control: Control

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  /** What comes until it is enough. */
  const listen = async (
    path: string,
    enough: (all: readonly Received[]) => boolean,
    headers: Record<string, string> = {},
  ): Promise<Received[]> => {
    const stop = new AbortController()
    const response = await fetch(`${node.url}${path}`, { headers, signal: stop.signal })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const received: Received[] = []
    let text = ''
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString()
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const [, id, data] = /^id: (.+)\ndata: (.+)$/.exec(block) ?? []
        if (id !== undefined && data !== undefined)
          received.push({ id, message: EventStreamMessage.parse(JSON.parse(data)) })
      }
      if (enough(received)) break
    }
    stop.abort()
    return received
  }
  const kinds = (received: readonly Received[]): string[] => received.map(({ message }) => message.kind)
  const indexes = (received: readonly Received[]): number[] =>
    received.map(({ message }) => (message.kind === 'event' ? message.envelope.index : message.state.lastEventIndex))

  it('answers before there is anything to tell', async () => {
    const stop = new AbortController()
    const response = await fetch(`${node.url}/node/log/events?lines=0`, { signal: stop.signal })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    stop.abort()
  })

  it.each(['/events', '/cluster/events', '/benchmarks/events', '/node/log/events', '/node/python/events'])(
    'answers HEAD %s with headers alone, and the next request of the same connection',
    async (path) => {
      const { hostname, port } = new URL(node.url)
      const socket = connect(Number(port), hostname)
      socket.write(`HEAD ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      socket.write('GET /api/version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
      const [head, next] = (await allText(socket)).split(/(?<=\r\n\r\n)/)
      expect(head).toMatch(/^HTTP\/1\.1 200 [^]*content-type: text\/event-stream/)
      expect(next).toMatch(/^HTTP\/1\.1 200 /)
      expect(node.stderr()).not.toContain('ERR_HTTP_HEADERS_SENT')
    },
  )

  it('begins with a snapshot and goes on with every event after it', async () => {
    const heard = listen('/events', (all) => all.length >= 3)
    await control.declare(TINY, { paused: true })
    await control.declare(TINY, { paused: true })
    const received = await heard
    expect(kinds(received)[0]).toBe('snapshot')
    const [first = 0, ...rest] = indexes(received)
    expect(rest).toEqual(rest.map((_index, at) => first + 1 + at))
  })

  it('resumes after an index with the very next event', async () => {
    const { lastEventIndex, term } = await control.state()
    await control.declare(TINY, { paused: true })
    const [next] = await listen(`/events?after=${lastEventIndex}&term=${term}`, (all) => all.length > 0)
    expect(next).toMatchObject({ id: `${term}:${lastEventIndex + 1}`, message: { kind: 'event' } })
  })

  it('resumes from what a browser remembers', async () => {
    const { lastEventIndex, term } = await control.state()
    await control.declare(TINY, { paused: true })
    const remembered = { 'last-event-id': `${term}:${lastEventIndex}` }
    const [next] = await listen('/events', (all) => all.length > 0, remembered)
    expect(next?.id).toBe(`${term}:${lastEventIndex + 1}`)
  })

  it.each([
    ['of another term', (index: number, term: number) => `after=${index}&term=${term + 1}`],
    ['that has not come yet', (index: number, term: number) => `after=${index + 1_000_000}&term=${term}`],
  ])('begins with a snapshot after an index %s', async (_what, query) => {
    const { lastEventIndex, term } = await control.state()
    const received = await listen(`/events?${query(lastEventIndex, term)}`, (all) => all.length > 0)
    expect(kinds(received)).toEqual(['snapshot'])
  })

  it('begins with a snapshot where the node was restarted meanwhile', async () => {
    const { lastEventIndex, term } = await control.state()
    await node.kill()
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
    const received = await listen(`/events?after=${lastEventIndex}&term=${term}`, (all) => all.length > 0)
    expect(kinds(received)).toEqual(['snapshot'])
  })

  it('refuses a position that is no number', async () => {
    expect((await fetch(`${node.url}/events?after=then`)).status).toBe(400)
  })
})
