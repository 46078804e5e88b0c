import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { NodeId } from '@core/ids'
import { Admissions } from './admissions'
import { JoinChannel } from './join-channel'
import { Invitations } from './token'

/** Two ends of one connection. */
const connected = (): readonly [WebSocket, WebSocket] => {
  const [one, other] = [new EventEmitter(), new EventEmitter()]
  const end = (from: EventEmitter, to: EventEmitter): WebSocket =>
    Object.assign(from, {
      send: (text: string) => setImmediate(() => to.emit('message', Buffer.from(text), false)),
      close: () => setImmediate(() => to.emit('close')),
      terminate: () => undefined,
    }) as unknown as WebSocket
  return [end(one, other), end(other, one)]
}

it('a machine that could not be admitted can try again with its invitation, as it is told to', async () => {
  const invitations = new Invitations()
  let isThereLeader = false
  const admissions = new Admissions({
    certificate: '',
    invitations,
    cluster: () => ({ clusterId: 'home', clusterName: 'Home', friendlyName: 'Studio' }),
    isKnown: () => false,
    admit: () => (isThereLeader ? Promise.resolve({ members: [] }) : Promise.reject(new Error('There is no master'))),
    onChange: () => undefined,
    log: { info: () => undefined, warn: () => undefined },
  })
  const { secret } = invitations.create()
  const join = (): Promise<unknown> => {
    const [here, there] = connected()
    const channel = new JoinChannel(there)
    admissions.enter({ nodeId: NodeId.parse('b'.repeat(64)), certificate: '', socket: here, remoteAddress: '10.0.0.2' })
    channel.send({ type: 'token', secret, friendlyName: 'Laptop' })
    return channel.receive(['admitted'], { withinMs: 60_000 })
  }
  await expect(join()).rejects.toMatchObject({
    message: 'There is no master',
    hint: expect.stringContaining('Try again') as string,
  })
  isThereLeader = true
  await expect(join()).resolves.toMatchObject({ type: 'admitted' })
  await expect(join()).rejects.toThrow('used already')
})

it('a machine that cannot be admitted hears why, however long the reason is', async () => {
  const invitations = new Invitations()
  const reason = `The leader cannot read this command: ${'x'.repeat(5000)}`
  const admissions = new Admissions({
    certificate: '',
    invitations,
    cluster: () => ({ clusterId: 'home', clusterName: 'Home', friendlyName: 'Studio' }),
    isKnown: () => false,
    admit: () => Promise.reject(new Error(reason)),
    onChange: () => undefined,
    log: { info: () => undefined, warn: () => undefined },
  })
  const [here, there] = connected()
  const channel = new JoinChannel(there)
  admissions.enter({ nodeId: NodeId.parse('b'.repeat(64)), certificate: '', socket: here, remoteAddress: '10.0.0.2' })
  channel.send({ type: 'token', secret: invitations.create().secret, friendlyName: 'Laptop' })
  await expect(channel.receive(['admitted'], { withinMs: 60_000 })).rejects.toThrow(
    'The leader cannot read this command',
  )
})
