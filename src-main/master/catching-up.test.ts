import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { eventually } from '@core/testing/eventually'
import { CommandId, MetaInstanceId, NodeId } from '@core/ids'
import { logDirectory, openLogFolder } from './log/log-folder'
import { lastCompacted } from './log/segment'
import { Storage } from './log/storage'
import type { NewRecord } from './log/record'
import { LinkedMasters } from './testing/linked-masters'
import { declarations, envelope } from './testing/scratch-log'

const [A, B] = [NodeId.parse('a'), NodeId.parse('b')]
const log = { info: vi.fn(), warn: vi.fn() }
const linked = new LinkedMasters({ log })
const { sent } = linked
const folders: string[] = []
afterEach(async () => {
  await linked.close()
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

it('a follower that needs compacted records gets a snapshot, and then the records after it', async () => {
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
    expect(lastCompacted(logDirectory({ dataDir: one }))).toBeGreaterThan(2000)
  }
  const a = await linked.open(A, B, one)
  a.refused(B)
  await eventually(() => expect(a.status().role).toBe('master'))
  const b = await linked.open(B, A, two, [A])
  a.connected(B)
  b.connected(A)
  await eventually(() => expect(b.status()).toEqual({ role: 'follower', master: A }))
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
    { timeout: 30_000, interval: 200 },
  )
  expect(sent.filter((type) => type === 'snapshot')).toHaveLength(1)
  expect(sent).not.toContain('rewind')
  expect(lastCompacted(logDirectory({ dataDir: two }))).toBeGreaterThan(7000)
})
