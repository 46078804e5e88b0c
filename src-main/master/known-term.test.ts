import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { eventually } from '@core/testing/eventually'
import { emptyLog, startReplica, step } from '@core/consensus/index'
import { NodeId } from '@core/ids'
import { EventLog } from './event-log'
import { systemDirectory } from '../disk/system-directory'
import { systemTimers } from './host'
import { keepKnownTerm, readKnownTerm } from './known-term'
import { Replication } from './replication'

let directory: string
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'muster-term-'))))
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('the highest term a node has taken part in', () => {
  const known = { term: 7, obeyed: NodeId.parse('b') }

  it('is there again after it was kept', () => {
    keepKnownTerm(systemDirectory(directory), known)
    expect(readKnownTerm(systemDirectory(directory))).toEqual(known)
  })

  it('is none where none was kept', () => {
    expect(readKnownTerm(systemDirectory(directory))).toEqual({ term: 0 })
  })

  it.each(['', '{"term":', '{"term":"7"}'])('is lost where what is there cannot be read: %s', (text) => {
    writeFileSync(join(directory, 'term.json'), text)
    expect(readKnownTerm(systemDirectory(directory))).toEqual({ term: 0, isLost: true })
  })

  it('that is lost keeps a node from leading others until it has followed, and one that is alone from nothing', () => {
    const [self, other] = [NodeId.parse('a'), NodeId.parse('b')]
    const lost = { term: 0, isLost: true }
    const patient = step(startReplica(self, emptyLog, [self, other], 0, lost), { kind: 'refused', peer: other }, 10_000)
    expect(patient.replica.role.kind).toBe('seeking')
    expect(step(startReplica(self, emptyLog, [self], 0, lost), { kind: 'tick' }, 1).replica.role.kind).toBe('beginning')
    const message = { type: 'lead', term: 3, log: emptyLog, followers: 0 } as const
    const led = step(patient.replica, { kind: 'message', from: other, message }, 10_001).replica
    expect(led).toMatchObject({ role: { kind: 'follower', master: other }, term: 3 })
    expect(led.hasLostTerm).toBeUndefined()
  })

  it('that cannot be kept is told to nobody', async () => {
    const [self, other] = [NodeId.parse('a'), NodeId.parse('b')]
    const log = EventLog.open({ directory: systemDirectory(directory), self, warn: () => undefined }).log
    const [send, onLeadership, onFailure] = [vi.fn(), vi.fn(), vi.fn()]
    mkdirSync(join(directory, 'term.json.new'))
    const replication = new Replication({
      ...{
        self,
        members: [self, other],
        log,
        directory: systemDirectory(directory),
        timers: systemTimers,
        send,
        onLeadership,
        onFailure,
      },
      snapshot: () => ({ log: emptyLog, bytes: Buffer.alloc(0) }),
      sendSnapshot: () => undefined,
      rewind: () => Promise.resolve(log),
      install: () => Promise.resolve(log),
      onTooOld: () => undefined,
      onDistrust: () => undefined,
      onVouched: () => undefined,
      onDiskHangs: () => undefined,
      onStandstill: () => undefined,
    })
    replication.take({ kind: 'connected', peer: other })
    send.mockClear()
    const message = { type: 'lead', term: 3, log: emptyLog, followers: 0 } as const
    replication.receive(other, message)
    await eventually(() => expect(onFailure).toHaveBeenCalled())
    expect(onFailure.mock.calls[0]?.[0]).toMatchObject({ code: 'disk_failed' })
    expect(send.mock.calls.filter(([, { type }]) => type === 'follow')).toEqual([])
    expect(onLeadership).not.toHaveBeenCalled()
    await replication.close()
    await log.close()
  })

  it('counts for a node that starts with a log that has forgotten it', () => {
    const self = NodeId.parse('a')
    expect(startReplica(self, emptyLog, [self], 0, known)).toMatchObject(known)
    const log = { sequence: 1, epochs: [{ term: 9, master: self, from: 1 }] }
    expect(startReplica(self, log, [self], 0, known)).toMatchObject({ term: 9, obeyed: self })
  })

  it('that cannot be kept is a failure of the disk', () => {
    expect(() => keepKnownTerm(systemDirectory(join(directory, 'gone')), known)).toThrow(
      expect.objectContaining({ code: expect.any(String) }),
    )
  })
})
