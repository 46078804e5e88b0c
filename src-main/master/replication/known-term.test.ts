import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Timers } from '@core/time/timers'
import { eventually } from '@core/testing/eventually'
import { emptyLog, startReplica, step } from '@core/consensus/index'
import { NodeId } from '@core/ids'
import { EventLog } from '../log/event-log'
import type { Directory } from '../../disk/directory'
import { systemDirectory } from '../../disk/system-directory'
import { systemTimers } from '../host'
import { writeKnownTerm, readKnownTerm } from './known-term'
import { Replication } from './replication'
import { monotonic, wallTime } from '@core/time/clocks'

let directory: string
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'muster-term-'))))
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('the highest term a node has taken part in', () => {
  const known = { term: 7, obeyed: NodeId.parse('b') }

  it('can be read after it was written', async () => {
    await writeKnownTerm(systemDirectory(directory), known)
    expect(readKnownTerm(systemDirectory(directory))).toEqual(known)
  })

  it('is 0 if none was written', () => {
    expect(readKnownTerm(systemDirectory(directory))).toEqual({ term: 0 })
  })

  it.each(['', '{"term":', '{"term":"7"}'])('is lost if its file cannot be read: %s', (text) => {
    writeFileSync(join(directory, 'term.json'), text)
    expect(readKnownTerm(systemDirectory(directory))).toEqual({ term: 0, isLost: true })
  })

  it('that is lost keeps a node from leading others until it has followed, but not from leading alone', () => {
    const [self, other] = [NodeId.parse('a'), NodeId.parse('b')]
    const lost = { term: 0, isLost: true }
    const patient = step(
      startReplica(self, emptyLog, [self, other], monotonic(0), lost),
      { kind: 'refused', peer: other },
      monotonic(10_000),
    )
    expect(patient.replica.role.kind).toBe('seeking')
    expect(
      step(startReplica(self, emptyLog, [self], monotonic(0), lost), { kind: 'tick' }, monotonic(1)).replica.role.kind,
    ).toBe('beginning')
    const message = { type: 'lead', term: 3, log: emptyLog, followers: 0 } as const
    const led = step(patient.replica, { kind: 'message', from: other, message }, monotonic(10_001)).replica
    expect(led).toMatchObject({ role: { kind: 'follower', master: other }, term: 3 })
    expect(led.hasLostTerm).toBeUndefined()
  })

  describe('that is not durable', () => {
    const [self, other] = [NodeId.parse('a'), NodeId.parse('b')]
    const lead = { type: 'lead', term: 3, log: emptyLog, followers: 0 } as const
    const [send, onLeadership, onFailure, onDiskHangs] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()]
    const closes: (() => Promise<void>)[] = []
    beforeEach(() => vi.resetAllMocks())
    afterEach(async () => {
      for (const close of closes.splice(0)) await close()
    })

    /** A node with one other member, on this disk. */
    const replicationOn = (disk: Directory, timers = systemTimers): Replication => {
      const log = EventLog.open({ directory: systemDirectory(directory), self, warn: () => undefined }).log
      const replication = new Replication({
        ...{
          self,
          members: [self, other],
          log,
          boot: 'first',
          directory: disk,
          timers,
          send,
          onLeadership,
          onFailure,
          onDiskHangs,
        },
        snapshot: () => ({ log: emptyLog, bytes: Buffer.alloc(0) }),
        sendSnapshot: () => undefined,
        rewind: () => Promise.resolve(log),
        install: () => Promise.resolve(log),
        onTooOld: () => undefined,
        onDistrust: () => undefined,
        onVouched: () => undefined,
        wall: () => wallTime(0),
        onClock: () => undefined,
        onStandstill: () => undefined,
      })
      closes.push(async () => {
        await replication.close()
        await log.close()
      })
      replication.step({ kind: 'connected', peer: other })
      send.mockClear()
      return replication
    }
    const follows = () => send.mock.calls.filter(([, { type }]) => type === 'follow')
    const listens = { kind: 'other', master: other, term: 3, listensOnly: true }

    it('is sent to no member if the disk refuses it', async () => {
      mkdirSync(join(directory, 'term.json.new'))
      const replication = replicationOn(systemDirectory(directory))
      replication.receive(other, lead)
      await eventually(() => expect(onFailure).toHaveBeenCalled())
      expect(onFailure.mock.calls[0]?.[0]).toMatchObject({ code: 'disk_failed' })
      expect(follows()).toEqual([])
      expect(onLeadership.mock.calls).toEqual([[listens]])
    })

    it('is sent to no member while the disk hangs; the node listens to the leader, and follows once the disk answers', async () => {
      const hanging: (() => void)[] = []
      const disk = systemDirectory(directory)
      const replace: Directory['replace'] = async (...file) => {
        await new Promise<void>((resolve) => hanging.push(resolve))
        await disk.replace(...file)
      }
      let [now, tick] = [0, (): void => undefined]
      const every: Timers['every'] = (_milliseconds, act) => {
        tick = act
        return () => undefined
      }
      const timers = { ...systemTimers, monotonic: () => monotonic(now), every }
      const replication = replicationOn({ ...disk, replace }, timers)
      for (; now < 2500; now += 250) {
        replication.receive(other, lead)
        tick()
      }
      expect(onDiskHangs).toHaveBeenCalled()
      expect(send).not.toHaveBeenCalled()
      expect(onLeadership.mock.calls).toEqual([[listens]])
      for (const goOn of hanging.splice(0)) goOn()
      await replication.settled()
      expect(send).not.toHaveBeenCalled()
      replication.rejoin(EventLog.open({ directory: disk, self, warn: () => undefined }).log)
      replication.receive(other, lead)
      expect(follows().length).toBeGreaterThan(0)
      expect(onLeadership).toHaveBeenLastCalledWith({ kind: 'other', master: other, term: 3 })
    })
  })

  it('counts for a node whose log ends in an earlier term', () => {
    const self = NodeId.parse('a')
    expect(startReplica(self, emptyLog, [self], monotonic(0), known)).toMatchObject(known)
    const log = { sequence: 1, epochs: [{ term: 9, master: self, from: 1 }] }
    expect(startReplica(self, log, [self], monotonic(0), known)).toMatchObject({ term: 9, obeyed: self })
  })

  it('that cannot be written is a disk error', async () => {
    mkdirSync(join(directory, 'term.json.new'))
    await expect(writeKnownTerm(systemDirectory(directory), known)).rejects.toMatchObject({ code: 'disk_failed' })
  })
})
