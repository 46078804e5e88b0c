import { describe, expect, it } from 'vitest'
import type { State } from '../state/state'
import { Macs } from '../testing/macs'
import { failuresIn } from './failures'

const failing = (lastFailureError: string): State => {
  const macs = new Macs()
  macs.mac('Mac Studio')
  macs.mac('Mac mini')
  const id = macs.declare('chat')
  return { ...macs.state, metaInstances: { [id]: { ...macs.metaInstance(id), lastFailureError } } }
}

describe('failures', () => {
  it('are each machine’s own, as the declaration’s error names them', () => {
    const text = 'Mac Studio: out of memory; Mac mini: [jaccl] Recv failed with errno=2; it gave up'
    expect(failuresIn(failing(text)).map(({ nodeId, text: said }) => [nodeId, said])).toEqual([
      ['Mac Studio', 'out of memory'],
      ['Mac mini', '[jaccl] Recv failed with errno=2; it gave up'],
    ])
  })

  it('are nobody’s where no machine is named', () => {
    expect(failuresIn(failing('Runner failed'))).toEqual([
      { text: 'Runner failed', nodeId: undefined, subject: { kind: 'metaInstance', metaInstanceId: 'chat' } },
    ])
  })

  it('of runners are told with the declaration that they serve', () => {
    const macs = new Macs()
    macs.mac('Mac Studio')
    const id = macs.declare('chat')
    macs.reconcile()
    macs.fail(id, 'out of memory')
    expect(failuresIn(macs.state)).toEqual([
      { text: 'out of memory', nodeId: 'Mac Studio', subject: { kind: 'metaInstance', metaInstanceId: 'chat' } },
    ])
  })

  it('of an instance that nothing keeps are told with that instance', () => {
    const macs = new Macs()
    macs.mac('Mac Studio')
    const id = macs.declare('chat')
    macs.reconcile()
    const { metaInstanceId: _none, ...loose } = macs.instance(id)
    macs.fail(id, 'out of memory')
    const state = { ...macs.state, instances: { [loose.instanceId]: loose }, metaInstances: {} }
    expect(failuresIn(state)).toMatchObject([{ subject: { kind: 'instance', instanceId: loose.instanceId } }])
  })
})
