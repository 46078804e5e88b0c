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
  it('are attributed to the machines that the declaration’s error names', () => {
    const text = 'Mac Studio: out of memory; Mac mini: [jaccl] Recv failed with errno=2; it gave up'
    expect(failuresIn(failing(text)).map(({ nodeId, text: said }) => [nodeId, said])).toEqual([
      ['Mac Studio', 'out of memory'],
      ['Mac mini', '[jaccl] Recv failed with errno=2; it gave up'],
    ])
  })

  it('belong to no machine if none is named', () => {
    expect(failuresIn(failing('Runner failed'))).toEqual([
      { text: 'Runner failed', nodeId: undefined, subject: { kind: 'metaInstance', metaInstanceId: 'chat' } },
    ])
  })

  it('of runners are reported with their declaration', () => {
    const macs = new Macs()
    macs.mac('Mac Studio')
    const id = macs.declare('chat')
    macs.reconcile()
    macs.fail(id, 'out of memory')
    expect(failuresIn(macs.state)).toEqual([
      { text: 'out of memory', nodeId: 'Mac Studio', subject: { kind: 'metaInstance', metaInstanceId: 'chat' } },
    ])
  })

  it('of an instance without a declaration are reported with that instance', () => {
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
