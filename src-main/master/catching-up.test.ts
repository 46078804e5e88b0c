import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import type { Message } from '@core/consensus/message'
import { CommandId, MetaInstanceId, NodeId } from '@core/ids'
import { logDirectory, openLogFolder } from './log-folder'
import { Master } from './master'
import { alone, type Network } from './network'
import { baseOf } from './segment'
import { Storage } from './storage'
import type { NewRecord } from './event-log'
import { declarations, envelope } from './testing/scratch-log'

const [A, B] = [NodeId.parse('a'), NodeId.parse('b')]
const log = { info: vi.fn(), warn: vi.fn() }
const folders: string[] = []
const masters = new Map<NodeId, Master>()
afterEach(async () => {
  for (const master of masters.values()) await master.close()
  masters.clear()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'muster-catching-up-'))
  folders.push(path)
  return path
}

const failures = (count: number, from: number): NewRecord[] =>
  Array.from({ length: count }, (_, at) => ({
    kind: 'decision',
    envelope: envelope(from + at, {
      type: 'MetaInstancePlacementFailed',
      metaInstanceId: MetaInstanceId.parse('d3'),
      reason: 'no machine has the memory',
      code: 'memory',
    }),
  }))

const said: Message['type'][] = []
/** Everything goes as text, as over a link. */
const link = (self: NodeId, other: NodeId): Network => {
  const give = (message: Message, brought: Parameters<Master['received']>[2]): void => {
    said.push(message.type)
    setImmediate(() => masters.get(other)?.received(self, JSON.parse(JSON.stringify(message)) as Message, brought))
  }
  return {
    ...alone,
    send: (_to, message, records) => give(message, records && { records: [...records] }),
    sendSnapshot: (_to, message, snapshot) => give(message, { snapshot }),
    async *watch(_master, term, signal) {
      const master = masters.get(other)
      if (master) yield* master.watchedBy(term, signal)
    },
  }
}

const open = async (self: NodeId, other: NodeId, dataDir: string, admittedBy: NodeId[] = []): Promise<Master> => {
  const loadCard = () => Promise.resolve({ status: 'failed', reason: 'none' } as const)
  const master = await Master.open({ dataDir, nodeId: self, loadCard, log, network: link(self, other), admittedBy })
  masters.set(self, master)
  return master
}

it('a machine that lacks what the log no longer holds is given a snapshot, and then what comes', async () => {
  const [one, two] = [folder(), folder()]
  {
    const { log: written } = openLogFolder({ dataDir: one, nodeId: A, log })
    const admitted = [A, B].map((nodeId, at) => ({
      kind: 'decision' as const,
      envelope: {
        ...{ v: 1 as const, index: at + 1, term: 1, at: 1000 + at },
        event: { type: 'MemberAdmitted' as const, nodeId, certificate: 'PEM', friendlyName: nodeId },
      },
    }))
    await written.append([{ kind: 'term', term: 1, master: A }, ...admitted])
    await written.close()
    const { storage } = Storage.open({ dataDir: one, nodeId: A, log })
    await storage.log.append(declarations(5, 3))
    for (const from of [8, 2508, 5008]) {
      await storage.log.append(failures(2500, from))
      await storage.takeSnapshot()
    }
    await storage.close()
    expect(baseOf(logDirectory({ dataDir: one }))).toBeGreaterThan(2000)
  }
  const a = await open(A, B, one)
  a.refused(B)
  await vi.waitFor(() => expect(a.status().role).toBe('master'), 20_000)
  const b = await open(B, A, two, [A])
  a.connected(B)
  b.connected(A)
  await vi.waitFor(() => expect(b.status()).toEqual({ role: 'follower', master: A }), 20_000)
  await a.submit(
    { type: 'DeleteMetaInstance', metaInstanceId: MetaInstanceId.parse('d5') },
    { commandId: CommandId.parse('c') },
  )
  const end = () => openLogFolder({ dataDir: two, nodeId: B, log })
  await vi.waitFor(
    () => {
      const { log: theirs, state } = end()
      void theirs.close()
      expect(Object.keys(state.metaInstances)).toEqual(['d3', 'd4', 'd6', 'd7'])
    },
    { timeout: 20_000, interval: 200 },
  )
  expect(said.filter((type) => type === 'snapshot')).toHaveLength(1)
  expect(said).not.toContain('rewind')
  expect(baseOf(logDirectory({ dataDir: two }))).toBeGreaterThan(7000)
})
