import { describe, expect, it } from 'vitest'
import { Macs } from '../testing/macs'
import { byPair, cables } from './cables'

const said = (macs: Macs): string[] =>
  cables(macs.state).map(
    ({ ends: [a, b], gbps }) => `${a.nodeId}:${a.port.receptacle} – ${b.nodeId}:${b.port.receptacle} ${gbps}`,
  )

describe('cables', () => {
  it('join the ports whose ends name each other, each cable once', () => {
    const macs = new Macs()
    const [mini, studio] = [macs.mac('mini'), macs.mac('studio')]
    macs.cable([studio, 2], [mini, 1]).cable([mini, 3], [studio, 1], { gbps: 40 })
    expect(said(macs)).toEqual(['mini:1 – studio:2 80', 'mini:3 – studio:1 40'])
    expect(byPair(cables(macs.state))).toHaveLength(1)
  })

  it('are known when one end has seen the other', () => {
    const macs = new Macs()
    const [mini, studio] = [macs.mac('mini'), macs.mac('studio')]
    macs.cable([studio, 2], [mini, 1], { seenByFirstOnly: true })
    expect(said(macs)).toEqual(['mini:1 – studio:2 80'])
  })

  it('run as slowly as the slower end says', () => {
    const macs = new Macs()
    const [mini, studio] = [macs.mac('mini'), macs.mac('studio')]
    macs.cable([studio, 2], [mini, 1], { gbps: 40, seenByFirstOnly: true })
    macs.cable([mini, 1], [studio, 2], { gbps: 80, seenByFirstOnly: true })
    expect(said(macs)).toEqual(['mini:1 – studio:2 40'])
  })

  it('lead to no member where the other end is a machine that is none, or the same one', () => {
    const macs = new Macs()
    const mini = macs.mac('mini')
    const stranger = macs.mac('stranger')
    macs.cable([mini, 1], [stranger, 1]).cable([mini, 2], [mini, 3])
    macs.apply({ type: 'MemberRemoved', nodeId: stranger })
    expect(said(macs)).toEqual([])
  })

  it('carry the models that the two ends know of each other', () => {
    const macs = new Macs()
    const [mini, studio] = [macs.mac('mini', { model: 'Mac16,11' }), macs.mac('studio', { model: 'Mac15,14' })]
    macs.cable([studio, 1], [mini, 1], { throughDock: true })
    expect(cables(macs.state)).toMatchObject([
      { ends: [{ model: 'Mac16,11' }, { model: 'Mac15,14' }], throughDock: true },
    ])
  })
})
