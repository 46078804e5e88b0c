import { expect, it } from 'vitest'
import { MetaInstanceId, ModelId, NodeId, TaskId } from '@core/ids'
import type { Departure } from '@core/reconcile/index'
import { World } from '@core/testing/world'
import { english } from '@core/texts/translator'
import { quitQuestion } from './quit-question'

const named = (name: string) => ({ metaInstanceId: MetaInstanceId.parse(name), name })

it('nothing is asked where nothing would be missed', () => {
  const world = new World()
  expect(
    quitQuestion({ state: world.state, nodeId: world.addNode('here'), departures: [], translator: english }),
  ).toBeUndefined()
})

it('says what moves where, what stops and why, and what ends or waits', () => {
  const world = new World()
  const here = world.addNode('here')
  const mini = world.addNode('Mac mini')
  world.declare()
  world.reconcile()
  const { instanceId } = world.instance(MetaInstanceId.parse('chat'))
  const task = { instanceId, kind: 'generation', status: 'Running', createdAt: world.now } as const
  const download = { status: 'Ongoing', downloadedBytes: 1, totalBytes: 2 } as const
  world.apply(
    { type: 'TaskCreated', task: { ...task, taskId: TaskId.parse('ours'), takenBy: here } },
    { type: 'TaskCreated', task: { ...task, taskId: TaskId.parse('theirs'), takenBy: mini } },
    { type: 'NodeDownloadProgress', nodeId: here, modelId: ModelId.parse('m/a'), download },
    { type: 'NodeDownloadProgress', nodeId: mini, modelId: ModelId.parse('m/b'), download },
  )
  const departures: Departure[] = [
    { ...named('chat'), fate: 'moves', nodeIds: [mini, NodeId.parse('Air')] },
    {
      ...{ ...named('notes'), fate: 'moves', nodeIds: [mini] },
      ends: [
        {
          modelId: ModelId.parse('m/a'),
          name: 'asked',
          metaInstanceId: MetaInstanceId.parse('asked'),
          instanceIds: [],
        },
      ],
    },
    { ...named('code'), fate: 'stops', error: { code: 'not_enough_memory', reason: 'needs 8 GB more' } },
  ]
  expect(quitQuestion({ state: world.state, nodeId: here, departures, translator: english })).toEqual({
    message: 'Quit Muster on this machine?',
    detail: [
      'chat moves to Mac mini and Air.',
      'notes moves to Mac mini. asked ends for it.',
      'code stops: needs 8 GB more.',
      '1 running answer ends.',
      '1 download waits until Muster is opened again.',
      'Programs that use this machine’s address get no answers until Muster is opened again.',
    ].join('\n'),
  })
})
