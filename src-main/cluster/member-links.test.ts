import { describe, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import { NEVER } from '@core/time/clocks'
import { openThrough, type MemberLink } from './member-links'
import { StreamError } from './links/stream-error'

const [PEER, FIRST, SECOND] = ['peer', 'first', 'second'].map((name) => NodeId.parse(name)) as [NodeId, NodeId, NodeId]

/** A link whose streams are those of `open`. */
const linkTo = (peer: NodeId, open: MemberLink['open']): MemberLink => ({
  ...{ peer, protocol: 99, heardAt: NEVER, send: () => true, open },
})

/** Opens a stream of a member that is linked to neither, through two relays; `opened` lists those that were asked. */
const relayed = (open: MemberLink['open'], signal?: AbortSignal) => {
  const opened: NodeId[] = []
  const links = {
    get: (peer: NodeId) =>
      peer === PEER
        ? undefined
        : linkTo(peer, (...asked) => {
            opened.push(peer)
            return open(...asked)
          }),
  }
  const items = openThrough(links, () => [FIRST, SECOND], { peer: PEER, kind: 'generate', params: {}, signal })
  return { opened, items }
}

describe('a stream through relays', () => {
  it('is opened through the next relay if the first has no link to that member', async () => {
    const { opened, items } = relayed(async function* () {
      if (opened.length === 1) throw new StreamError('not_connected', 'no link either')
      yield 'item'
    })
    expect(await items.next()).toEqual({ done: false, value: 'item' })
    expect(opened).toEqual([FIRST, SECOND])
  })

  it('that is cancelled before its first item ends, and is not opened again', async () => {
    const cancelling = new AbortController()
    const { opened, items } = relayed(async function* () {
      cancelling.abort()
    }, cancelling.signal)
    expect(await items.next()).toEqual({ done: true, value: undefined })
    expect(opened).toEqual([FIRST])
  })
})
