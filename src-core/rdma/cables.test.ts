import { describe, expect, it } from 'vitest'
import { Macs } from '../testing/macs'
import { cableGbps, cablesAmong, cablesBetween, isThroughDock } from './cables'

const said = (macs: Macs): string[] =>
  cablesAmong(macs.state).map((cable) => {
    const [a, b] = [cable.here, cable.there]
    return `${a.nodeId}:${a.port.receptacle} – ${b.nodeId}:${b.port.receptacle} ${cableGbps(cable)}`
  })

describe('cables', () => {
  const pair = () => {
    const macs = new Macs()
    return { macs, mini: macs.mac('mini'), studio: macs.mac('studio') }
  }

  it('connect the ports whose ends name each other, each cable once', () => {
    const { macs, mini, studio } = pair()
    macs.cable([studio, 2], [mini, 1]).cable([mini, 3], [studio, 1], { gbps: 40 })
    expect(said(macs)).toEqual(['mini:1 – studio:2 80', 'mini:3 – studio:1 40'])
  })

  it('are the same for one pair and for all, seen from either end', () => {
    const { macs, mini, studio } = pair()
    macs.cable([studio, 2], [mini, 1]).cable([macs.mac('other'), 1], [mini, 2])
    const { [mini]: a, [studio]: b } = macs.state.nodes
    if (!a || !b) throw new Error('not there')
    const all = cablesAmong(macs.state).filter(({ there }) => there.nodeId === studio)
    expect(cablesBetween(a, b)).toEqual(all)
    expect(cablesBetween(b, a).map(({ here, there }) => ({ here: there, there: here }))).toEqual(all)
  })

  it('are ignored if only one end names the other: it may not have rescanned since the cable was moved', () => {
    const { macs, mini, studio } = pair()
    macs.cable([studio, 2], [mini, 1], { seenByFirstOnly: true })
    expect(said(macs)).toEqual([])
    macs.cable([mini, 1], [studio, 2], { gbps: 40, seenByFirstOnly: true })
    expect(said(macs)).toEqual(['mini:1 – studio:2 40'])
  })

  it('are ignored if the other end is no member, or the same machine', () => {
    const { macs, mini } = pair()
    const stranger = macs.mac('stranger')
    macs.cable([mini, 1], [stranger, 1]).cable([mini, 2], [mini, 3])
    macs.apply({ type: 'MemberRemoved', nodeId: stranger })
    expect(said(macs)).toEqual([])
  })

  it('may go through a dock', () => {
    const { macs, mini, studio } = pair()
    macs.cable([studio, 1], [mini, 1], { throughDock: true }).cable([studio, 2], [mini, 2])
    expect(cablesAmong(macs.state).map(isThroughDock)).toEqual([true, false])
  })
})
