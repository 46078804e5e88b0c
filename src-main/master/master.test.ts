import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { eventually } from '@core/testing/eventually'
import type { Command } from '@core/commands/command'
import type { Event } from '@core/events/event'
import { CommandId, MetaInstanceId, NodeId, RunnerId } from '@core/ids'
import { SMALL, smallCard, World } from '@core/testing/world'
import type { Directory } from '../disk/directory'
import { systemDirectory } from '../disk/system-directory'
import { systemHost } from './host'
import { Master } from './master'
import { Storage } from './log/storage'

const self = NodeId.parse('Mac Studio')
const chat = MetaInstanceId.parse('chat')

let dataDir: string
let opened: Master[]
const log = { info: vi.fn(), warn: vi.fn() }
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'muster-master-'))
  opened = []
  log.info.mockClear()
  log.warn.mockClear()
})
afterEach(async () => {
  await Promise.all(opened.map((master) => master.close()))
  rmSync(dataDir, { recursive: true, force: true })
})

const open = async (host = systemHost): Promise<Master> => {
  const loadCard = () => Promise.resolve({ status: 'loaded', card: smallCard } as const)
  const master = await Master.open({ dataDir, nodeId: self, loadCard, log, host })
  opened.push(master)
  return master
}

let commands = 0
const submit = (master: Master, command: Command) =>
  master.submit(command, { commandId: CommandId.parse(`command ${(commands += 1)}`) })

const declare = (master: Master) =>
  submit(master, {
    type: 'CreateMetaInstance',
    metaInstanceId: chat,
    modelId: SMALL,
    sharding: 'Pipeline',
    instanceMeta: 'MlxRing',
    minNodes: 1,
    placementPreference: 'largest',
    paused: false,
  })

/** Reports the machine’s facts, so that instances can be placed on it. */
const arrive = async (master: Master): Promise<void> => {
  await submit(master, { type: 'AdmitMember', member: { nodeId: self, certificate: 'c', friendlyName: 'Mac Studio' } })
  const world = new World()
  world.addNode(self)
  const { nodeId, ...info } = world.state.nodes[self] ?? {}
  if (nodeId === undefined) throw new Error('no node')
  master.observe({ type: 'NodeGatheredInfo', nodeId, info: info as never })
}

const placed = (master: Master) =>
  eventually(() => {
    const [instance] = Object.values(master.state().instances)
    if (!instance) throw new Error('not placed yet')
    return instance
  })

describe('a master', () => {
  it('reads its log once, and not again when it becomes leader', async () => {
    const first = await open()
    await declare(first)
    await first.close()
    const read: string[] = []
    const directory = (path: string): Directory => {
      const known = systemDirectory(path)
      return {
        ...known,
        readSync: (name) => {
          read.push(name)
          return known.readSync(name)
        },
      }
    }
    const again = await open({ ...systemHost, directory })
    expect(again.status().role).toBe('master')
    expect(again.state().metaInstances[chat]?.modelId).toBe(SMALL)
    const snapshots = read.filter((name) => name.startsWith('snapshot-'))
    expect(snapshots).toHaveLength(1)
  })

  it('publishes a side-channel round as soon as all ranks have contributed, without waiting for a disk', async () => {
    const master = await open()
    await arrive(master)
    await declare(master)
    const { instanceId, shards } = await placed(master)
    const [{ runnerId } = { runnerId: RunnerId.parse('none') }] = shards
    const heard: Event[] = []
    master.subscribe(({ event }) => heard.push(event))
    const part = { type: 'JacclSideChannelData', instanceId, runnerId, sequence: 0, data: 'AAAA' } as const
    master.observe(part)
    const gathered = { [runnerId]: 'AAAA' }
    expect(heard).toEqual([part, { type: 'JacclSideChannelGathered', instanceId, sequence: 0, gathered }])
    // Only the leader may report a completed round.
    master.observedBy(self, [{ type: 'JacclSideChannelGathered', instanceId, sequence: 1, gathered }])
    expect(heard).toHaveLength(2)
  })

  it('places a declaration, and logs its decisions with their reasons', async () => {
    const master = await open()
    await arrive(master)
    await declare(master)
    const { instanceId, metaInstanceId } = await placed(master)
    expect(metaInstanceId).toBe(chat)
    const told = log.info.mock.calls.map(([fields, message]) => [message, fields] as const)
    expect(told).toContainEqual(['declared', expect.objectContaining({ metaInstanceId: chat, modelId: SMALL })])
    expect(told).toContainEqual(['placed', expect.objectContaining({ instanceId, modelId: SMALL, nodeIds: [self] })])
  })

  it('logs the model of an instance that is deleted with its declaration', async () => {
    const master = await open()
    await arrive(master)
    await declare(master)
    const { instanceId } = await placed(master)
    await submit(master, { type: 'DeleteMetaInstance', metaInstanceId: chat })
    expect(log.info).toHaveBeenCalledWith(
      expect.objectContaining({ instanceId, metaInstanceId: chat, modelId: SMALL }),
      'instance deleted',
    )
  })

  it('returns decisions from before a restart ahead of the events since, each once', async () => {
    const first = await open()
    await arrive(first)
    await declare(first)
    await placed(first)
    await first.close()
    const again = await open()
    await submit(again, { type: 'DeleteMetaInstance', metaInstanceId: chat })
    const told = async (decisions: number) =>
      (await again.latestEvents({ last: 100, decisions })).map(({ event }) => event.type)
    const [since, all] = [await told(0), await told(100)]
    expect(since).toContain('MetaInstanceDeleted')
    expect(since).not.toContain('MetaInstanceCreated')
    expect(all.slice(-since.length)).toEqual(since)
    expect(all.slice(0, -since.length)).toEqual(['MemberAdmitted', 'MetaInstanceCreated', 'InstanceCreated'])
  })

  it('keeps its decisions across a restart, in a new term, and does not change an instance before its node is heard', async () => {
    const first = await open()
    await arrive(first)
    await declare(first)
    const instance = await placed(first)
    await first.close()
    const second = await open()
    expect(second.state().term).toBe(first.state().term + 1)
    expect(second.state().masterNodeId).toBe(self)
    await second.reconciled()
    expect(second.state().instances).toEqual({ [instance.instanceId]: instance })
    expect(second.state().nodes).toEqual({})
    expect(second.state().lastEventAt).toBeGreaterThan(0)
  })

  it('takes a new term at every start, even without decisions', async () => {
    const terms: number[] = []
    for (let start = 0; start < 3; start += 1) {
      const master = await open()
      terms.push(master.state().term)
      await master.close()
    }
    expect(terms).toEqual([1, 2, 3])
  })

  it('starts from the snapshot that it wrote when it was closed', async () => {
    const first = await open()
    await declare(first)
    await first.close()
    expect(readdirSync(join(dataDir, 'log')).filter((name) => name.startsWith('snapshot'))).toHaveLength(1)
    log.info.mockClear()
    const second = await open()
    expect(log.info).toHaveBeenCalledWith(expect.objectContaining({ replayed: 0 }), 'opened the log')
    expect(Object.keys(second.state().metaInstances)).toEqual([chat])
  })

  it('returns the history of a declaration from the log', async () => {
    const master = await open()
    await arrive(master)
    await declare(master)
    const { instanceId } = await placed(master)
    await submit(master, { type: 'UpdateMetaInstance', metaInstanceId: chat, changes: { name: 'talk' } })
    await submit(master, { type: 'ChangeSetting', change: { key: 'maxRetries', value: 1 } })
    await submit(master, { type: 'DeleteInstance', instanceId })
    const story = (await master.history(chat)).events.map(({ event }) => event.type)
    expect(story.slice(0, 4)).toEqual([
      'MetaInstanceCreated',
      'InstanceCreated',
      'MetaInstanceUpdated',
      'InstanceDeleted',
    ])
    expect(await master.history(MetaInstanceId.parse('other'))).toEqual({ events: [], days: [] })
  })

  it('locks its data folder, and releases it when closed', async () => {
    const first = await open()
    await expect(open()).rejects.toMatchObject({ code: 'data_dir_in_use' })
    await first.close()
    await open()
  })

  it('refuses commands once it is closed', async () => {
    const master = await open()
    await master.close()
    await expect(declare(master)).rejects.toMatchObject({ code: 'closed' })
    expect(master.state().metaInstances).toEqual({})
  })

  it('releases its data folder if the log is damaged', async () => {
    const first = await open()
    await first.close()
    const [segment = ''] = readdirSync(join(dataDir, 'log')).filter((name) => name.endsWith('.log'))
    const { writeFileSync } = await import('node:fs')
    writeFileSync(join(dataDir, 'log', segment), 'not a log at all')
    await expect(open()).rejects.toMatchObject({ code: 'log_damaged' })
    rmSync(join(dataDir, 'log'), { recursive: true })
    expect((await open()).state().term).toBe(1)
  })

  it('that leaves its cluster while it sets records aside for a new leader still leads on its own', async () => {
    const master = await open()
    const other = NodeId.parse('other')
    await submit(master, { type: 'AdmitMember', member: { nodeId: other, certificate: 'o', friendlyName: 'other' } })
    await declare(master)
    master.connected(other)
    const log = { sequence: 1, epochs: [{ term: 9, master: other, from: 1 }] }
    const rewind = Storage.prototype.rewind
    let atOnce = 0
    const rewinding = vi.spyOn(Storage.prototype, 'rewind').mockImplementation(async function (this: Storage, ...how) {
      expect((atOnce += 1)).toBe(1)
      await new Promise((resolve) => setTimeout(resolve, 200))
      const opened = await rewind.apply(this, how)
      atOnce -= 1
      return opened
    })
    master.received(other, { type: 'lead', term: 9, log, followers: 2 })
    master.received(other, { type: 'rewind', term: 9, after: 1 })
    await eventually(() => expect(rewinding).toHaveBeenCalledTimes(1))
    await master.startOver([self], { keep: false })
    expect(rewinding).toHaveBeenCalledTimes(2)
    rewinding.mockRestore()
    await eventually(() => expect(master.status()).toEqual({ role: 'master' }))
    expect(await declare(master)).toMatchObject({ status: 'done' })
  })

  it('that leaves its cluster during a standstill still leads on its own', async () => {
    const master = await open()
    await declare(master)
    const beginning = master.startOver([self], { keep: false })
    // The process gets no CPU time while its records are set aside; the next message or tick notices that.
    const now = performance.now.bind(performance)
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 5000)
    master.received(NodeId.parse('somebody'), { type: 'nobody' } as never)
    await beginning
    clock.mockRestore()
    await eventually(() => expect(master.status()).toEqual({ role: 'master' }))
    expect(await declare(master)).toMatchObject({ status: 'done' })
  })
})
