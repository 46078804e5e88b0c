import { describe, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import { readyWorld } from '@core/testing/world'
import { consoleLines, consoleOwners } from './consoles'

describe('consoles', () => {
  it('are those of the runners on this machine', () => {
    const { world } = readyWorld()
    const here = NodeId.parse('Mac Studio')
    expect(consoleOwners(world.state, here).map(({ label }) => label)).toEqual(['small · ready'])
    expect(consoleOwners(world.state, NodeId.parse('elsewhere'))).toEqual([])
  })

  it('are searched as they are shown: without colours, ignoring case', () => {
    const printed = '\u001b[31mError\u001b[0m: out of memory\r\nloading\r\n\r\nerror again\r\n'
    expect(consoleLines(printed, ' ERROR ')).toEqual(['Error: out of memory', 'error again'])
    expect(consoleLines(printed, 'memory error')).toEqual(['Error: out of memory'])
    expect(consoleLines(printed, '')).toHaveLength(3)
  })
})
