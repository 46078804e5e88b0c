import { describe, expect, it } from 'vitest'
import type { NodeId } from '@core/ids'
import { Macs } from '@core/testing/macs'
import { drawingOf, WIDTH } from './picture'

const pair = (): { macs: Macs; nodes: [NodeId, NodeId] } => {
  const macs = new Macs()
  return { macs, nodes: [macs.mac('Mac mini'), macs.mac('Mac Studio', { ports: 4 })] }
}

describe('the picture of ports', () => {
  it('shows every Thunderbolt port of the machine, and marks the one in question', () => {
    const { macs, nodes } = pair()
    const picture = { kind: 'ports', ports: [{ nodeId: nodes[0], receptacle: 2, interfaceName: 'en3' }] } as const
    const { machines, description } = drawingOf(macs.state, { ...picture, ports: [...picture.ports] })
    expect(machines.flatMap(({ ports }) => ports.map(({ label, marked }) => `${label}${marked ? '!' : ''}`))).toEqual([
      '1',
      '2!',
      '3',
    ])
    expect(description).toBe('Thunderbolt 2 (en3) on Mac mini')
  })

  it('shows a port that the machine no longer reports', () => {
    const { macs, nodes } = pair()
    const { machines } = drawingOf(macs.state, { kind: 'ports', ports: [{ nodeId: nodes[0], receptacle: 7 }] })
    expect(machines[0]?.ports.map(({ receptacle }) => receptacle)).toEqual([1, 2, 3, 7])
  })

  it('fits its width, with the cable between the two marked ports', () => {
    const { macs, nodes } = pair()
    const { machines, cable, description } = drawingOf(macs.state, {
      kind: 'cable',
      ends: [
        { nodeId: nodes[0], receptacle: 3 },
        { nodeId: nodes[1], receptacle: 1 },
      ],
    })
    expect(machines.map(({ name }) => name)).toEqual(['Mac mini', 'Mac Studio'])
    for (const { x, width } of machines) expect([x >= 0, x + width <= WIDTH]).toEqual([true, true])
    const [from, to] = machines.map(({ ports }) => ports.find(({ marked }) => marked))
    expect(cable).toContain(`M${(from?.x ?? NaN) + 13} `)
    expect(cable).toContain(`H${(to?.x ?? NaN) + 13 - 8}`)
    expect(description).toBe('The cable from Thunderbolt 3 on Mac mini to Thunderbolt 1 on Mac Studio')
  })
})
