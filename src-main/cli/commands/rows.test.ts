import { describe, expect, it } from 'vitest'
import type { CatalogueModel } from '@core/protocols/models'
import { ModelId, NodeId, TaskId } from '@core/ids'
import { emptyState, type State } from '@core/state/state'
import { offHours } from '@core/testing/off-hours'
import { readyWorld } from '@core/testing/world'
import { tableLines } from '../text/table'
import { downloadText } from './download-text'
import { lsRows } from './ls-rows'
import { psColumns } from './ps-columns'
import { psRows } from './ps-rows'
import { topRequests } from './top-rows'

const [MINI, STUDIO] = ['mini-id', 'studio-id'].map((id) => NodeId.parse(id)) as [NodeId, NodeId]
const WHOLE = ModelId.parse('org/whole')
const COMING = ModelId.parse('org/coming')

const member = (nodeId: NodeId, friendlyName: string) => ({ nodeId, friendlyName, certificate: '', admittedAt: 1 })
const STATE: State = {
  ...emptyState(),
  members: { [MINI]: member(MINI, 'mini'), [STUDIO]: member(STUDIO, 'studio') },
  downloads: {
    [MINI]: {
      [WHOLE]: { status: 'Complete', downloadedBytes: 8e9, totalBytes: 8e9 },
      [COMING]: { status: 'Ongoing', downloadedBytes: 1e9, totalBytes: 4e9, bytesPerSecond: 5e7 },
    },
    [STUDIO]: { [WHOLE]: { status: 'Failed', downloadedBytes: 2e9, totalBytes: 8e9, error: 'gone' } },
  },
}
const CARD = { modelId: WHOLE, storageBytes: 8e9, layers: 4, hiddenSize: 8, kvHeads: 1 }
const MODEL: CatalogueModel = {
  ...{ modelId: WHOLE, title: 'Whole', source: 'muster', starter: false, path: '/x', quantization: '4bit' },
  card: { ...CARD, supportsTensor: true, supportsPipeline: true },
}

describe('the models on disks', () => {
  it('are listed with each machine that has them or is fetching them', () => {
    expect(lsRows(STATE, { models: [MODEL] })).toMatchObject([
      { modelId: COMING, sizeBytes: 4e9, kind: 'unknown', machines: [{ name: 'mini', complete: false }] },
      {
        ...{ modelId: WHOLE, sizeBytes: 8e9, kind: 'text', quantization: '4bit' },
        machines: [
          { name: 'mini', complete: true },
          { name: 'studio', complete: false, downloadedBytes: 2e9 },
        ],
      },
    ])
  })

  it('are listed also where they cannot be read, with the reason', () => {
    const torn = { modelId: WHOLE, source: 'muster', path: '/x', problem: 'config.json is missing' } as const
    expect(lsRows(emptyState(), { models: [], unreadable: [torn] })).toEqual([
      { modelId: WHOLE, kind: 'unknown', machines: [], statuses: [], problem: torn.problem },
    ])
  })
})

describe('how long a model is kept', () => {
  it('is on request also where a request has loaded it outside its hours', () => {
    const { world, wake } = offHours()
    expect(psRows(world.state)).toMatchObject([{ lifetime: 'always' }])
    wake()
    const [row] = psRows(world.state)
    expect(row?.lifetime).toBe('on-request')
    expect(row?.endsAt).toBeGreaterThan(world.now)
  })
})

describe('the requests of a model', () => {
  it('are counted, those that wait in its queue also apart', async () => {
    const { world, id } = readyWorld()
    const { instanceId } = world.instance(id)
    for (const [at, status] of (['Running', 'Pending', 'Running', 'Complete'] as const).entries()) {
      const task = { taskId: TaskId.parse(`t${at}`), instanceId, kind: 'generation', status, createdAt: 0 } as const
      world.apply({ type: 'TaskCreated', task })
    }
    const rows = psRows(world.state)
    expect(rows).toMatchObject([{ requests: 3, queued: 1 }])
    const [heading = '', row = ''] = (await tableLines(rows, psColumns(0), undefined)).map((pieces) =>
      pieces.map((piece) => (typeof piece === 'string' ? piece : piece.text)).join(''),
    )
    expect(row[heading.indexOf('QUEUED') + 'QUEUED'.length - 1]).toBe('1')
    expect(topRequests(world.state)).toMatchObject({ running: 2, queued: 1 })
  })
})

describe('the speed of all answers', () => {
  /** One answer of ten tokens each so many milliseconds. */
  const answering = (everyMs: number): number => {
    const { world, id } = readyWorld()
    const { instanceId } = world.instance(id)
    for (let at = 0; at < 120_000 / everyMs; at += 1) {
      world.wait(everyMs)
      const taskId = TaskId.parse(`t${at}`)
      const task = { taskId, instanceId, kind: 'generation', status: 'Running', createdAt: world.now } as const
      world.apply({ type: 'TaskCreated', task })
      world.apply({ type: 'TaskStatusUpdated', taskId, status: 'Complete', measured: { completionTokens: 10 } })
    }
    return topRequests(world.state).tokensPerSecond
  }

  it('is that of the last minute, also of more answers than the state keeps', () => {
    expect(answering(1000)).toBeCloseTo(10)
    expect(answering(100)).toBeCloseTo(100)
  })
})

describe('a download', () => {
  it('tells its rate and the time that is left', () => {
    const download = { status: 'Ongoing', downloadedBytes: 1e9, totalBytes: 4e9 } as const
    expect(downloadText({ ...download, bytesPerSecond: 5e7 })).toBe('1.0 GB of 4.0 GB, 50.0 MB/s, 1 min left')
    expect(downloadText(download)).toBe('1.0 GB of 4.0 GB')
    expect(downloadText({ ...download, totalBytes: 0 })).toBe('asking how large it is')
  })
})
