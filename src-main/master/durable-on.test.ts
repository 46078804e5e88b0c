import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { eventually } from '@core/testing/eventually'
import { CommandId, MetaInstanceId, ModelId, NodeId } from '@core/ids'
import { EventLog } from './log/event-log'
import type { Master } from './master'
import { LinkedMasters } from './testing/linked-masters'

const [A, B] = [NodeId.parse('a'), NodeId.parse('b')]
const linked = new LinkedMasters()
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-durable-on-'))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await linked.close()
  rmSync(folder, { recursive: true, force: true })
})

let count = 0
const declared = (master: Master) =>
  master.submit(
    {
      ...{ type: 'CreateMetaInstance', metaInstanceId: MetaInstanceId.parse(`d${(count += 1)}`), paused: true },
      ...{ modelId: ModelId.parse('m/small'), sharding: 'Pipeline', instanceMeta: 'MlxRing' },
      ...{ minNodes: 1, placementPreference: 'auto' },
    },
    { commandId: CommandId.parse(`command-${count}`) },
  )

/** Two linked machines; the first leads. */
const two = async (): Promise<{ a: Master; b: Master; logOfB: EventLog }> => {
  const opened: EventLog[] = []
  const a = await linked.open(A, B, join(folder, 'a'))
  for (const nodeId of [A, B])
    await a.submit(
      { type: 'AdmitMember', member: { nodeId, certificate: 'PEM', friendlyName: nodeId } },
      { commandId: CommandId.parse(`admits ${nodeId}`) },
    )
  const append = EventLog.prototype.append
  const noting = vi.spyOn(EventLog.prototype, 'append').mockImplementation(function (this: EventLog, ...records) {
    opened.push(this)
    return append.apply(this, records)
  })
  const logsOfA = new Set<EventLog>()
  await declared(a)
  for (const log of opened.splice(0)) logsOfA.add(log)
  const b = await linked.open(B, A, join(folder, 'b'), [A])
  a.connected(B)
  b.connected(A)
  await eventually(() => expect(b.status()).toEqual({ role: 'follower', master: A }))
  await eventually(() => expect(opened.some((log) => !logsOfA.has(log))).toBe(true))
  noting.mockRestore()
  const logOfB = opened.find((log) => !logsOfA.has(log))
  if (!logOfB) throw new Error('b has written nothing')
  return { a, b, logOfB }
}

it('an acknowledgement says on how many disks the write is, whichever machine was asked', async () => {
  const { a, b } = await two()
  await eventually(async () => expect(await declared(a)).toEqual({ status: 'done', durableOn: { on: 2, of: 2 } }))
  expect(await declared(b)).toEqual({ status: 'done', durableOn: { on: 2, of: 2 } })
  a.disconnected(B)
  expect(await declared(a)).toEqual({ status: 'done', durableOn: { on: 1, of: 2 } })
})

it('a disk that hangs delays two machines for at most two seconds, and counts again when it answers', async () => {
  const { a, logOfB } = await two()
  await eventually(async () => expect(await declared(a)).toMatchObject({ durableOn: { on: 2, of: 2 } }))
  const append = logOfB.append.bind(logOfB)
  const waiting: (() => void)[] = []
  const hanging = vi.spyOn(logOfB, 'append').mockImplementation(async (records) => {
    await new Promise<void>((resolve) => waiting.push(resolve))
    return append(records)
  })
  expect(await declared(a)).toEqual({ status: 'done', durableOn: { on: 1, of: 2 } })
  expect(waiting.length).toBeGreaterThan(0)
  // Later commands do not wait for that disk.
  expect(await declared(a)).toEqual({ status: 'done', durableOn: { on: 1, of: 2 } })
  hanging.mockRestore()
  for (const goOn of waiting) goOn()
  await eventually(async () => expect(await declared(a)).toMatchObject({ durableOn: { on: 2, of: 2 } }))
})
