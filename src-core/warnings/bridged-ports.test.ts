import { describe, expect, it } from 'vitest'
import { Macs } from '../testing/macs'
import { BridgePorts, releaseCommands, undoCommands } from './bridge-commands'
import { bridgedPorts } from './bridged-ports'

describe('the ports to take out of a bridge', () => {
  it('are those of that machine with a cable to a member, and no others', () => {
    const macs = new Macs()
    const bridge = ['en2', 'en3', 'en4']
    const [a, b] = [macs.mac('a', { bridge }), macs.mac('b', { bridge })]
    macs.cable([a, 3], [b, 1]).cable([a, 1], [b, 2])
    expect(bridgedPorts(macs.state, a)).toEqual([{ bridge: 'bridge0', interfaces: ['en2', 'en4'] }])
    expect(bridgedPorts(macs.state, macs.mac('c', { bridge }))).toEqual([])
  })
})

describe('the commands', () => {
  const ports = { bridge: 'bridge0', interfaces: ['en2', 'en3'] }

  it('that undo restore everything that the others changed', () => {
    expect(releaseCommands(ports)).toEqual([
      '/sbin/ifconfig bridge0 deletem en2',
      '/sbin/ifconfig bridge0 deletem en3',
      '/usr/sbin/ipconfig set en2 DHCP',
      '/usr/sbin/ipconfig set en3 DHCP',
    ])
    expect(undoCommands(ports)).toEqual([
      '/usr/sbin/ipconfig set en2 NONE',
      '/usr/sbin/ipconfig set en3 NONE',
      '/sbin/ifconfig bridge0 addm en2',
      '/sbin/ifconfig bridge0 addm en3',
    ])
  })

  it.each([
    { bridge: 'bridge0; reboot', interfaces: ['en2'] },
    { bridge: 'bridge0\n', interfaces: ['en2'] },
    { bridge: 'bridge0', interfaces: ['en2 && reboot'] },
    { bridge: 'bridge0', interfaces: ['$(reboot)'] },
    { bridge: 'bridge0', interfaces: ["en2'"] },
    { bridge: 'bridge0', interfaces: ['lo0'] },
    { bridge: 'bridge0', interfaces: [] },
  ])('accept only names of interfaces: %o', (given) => {
    expect(BridgePorts.safeParse(given).success).toBe(false)
  })
})
