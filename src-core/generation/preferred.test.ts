import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TaskId, type InstanceId, type RunnerId } from '../ids'
import { BATCH_SIZE } from './batch'
import { isReady } from '../state/bindings'
import { SMALL, World } from '../testing/world'
import { MAX_LEAD, preferred, routeOf } from './route'

describe('of several instances', () => {
  it.each<[string, [load: number, held: number][], number]>([
    [
      'the one that holds the prefix takes the request',
      [
        [0, 0],
        [0, 100],
      ],
      1,
    ],
    [
      'the one that holds the longest prefix does',
      [
        [0, 50],
        [0, 100],
        [0, 80],
      ],
      1,
    ],
    [
      'the least busy does where none holds anything',
      [
        [3, 0],
        [1, 0],
        [2, 0],
      ],
      1,
    ],
    [
      'the least busy of those that hold as much does',
      [
        [3, 100],
        [1, 100],
        [0, 0],
      ],
      1,
    ],
    [
      'the first does where all are alike',
      [
        [2, 10],
        [2, 10],
      ],
      0,
    ],
    [
      'a busier one does that holds the prefix',
      [
        [0, 0],
        [MAX_LEAD, 100],
      ],
      1,
    ],
    [
      'one that is far busier does not',
      [
        [0, 0],
        [MAX_LEAD + 1, 100],
      ],
      0,
    ],
    [
      'the next longest prefix counts where the longest is far busier',
      [
        [0, 0],
        [MAX_LEAD + 1, 100],
        [2, 50],
      ],
      2,
    ],
    [
      'one whose batch is full does not where another has a free place',
      [
        [BATCH_SIZE - 1, 0],
        [BATCH_SIZE, 100],
      ],
      0,
    ],
    [
      'one whose batch is full does where all are',
      [
        [BATCH_SIZE, 0],
        [BATCH_SIZE + 4, 100],
      ],
      1,
    ],
  ])('%s', (_what, instances, expected) => {
    const candidates = instances.map(([load, held], at) => ({ load, held, at }))
    expect(preferred(candidates)?.at).toBe(expected)
  })

  it('the choice depends on the inputs alone, and is never much busier than another candidate', () => {
    const candidates = fc.array(fc.record({ load: fc.nat(80), held: fc.nat(1000) }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(candidates, (all) => {
        const chosen = preferred(all)
        expect(preferred(all.map((one) => ({ ...one })))).toEqual(chosen)
        expect(chosen?.load).toBeLessThanOrEqual(Math.min(...all.map(({ load }) => load)) + MAX_LEAD)
      }),
    )
  })
})

describe('a route', () => {
  const statuses = ['Ready', 'Running', 'Loading', 'Failed', 'Connecting'] as const
  const instances = fc.array(
    fc.record({
      status: fc.constantFrom(...statuses),
      tasks: fc.nat(40),
      held: fc.nat(100),
      lost: fc.boolean(),
      full: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  )

  it('is the same for the same state, and never leads to an instance that is not ready, lost or full', () => {
    fc.assert(
      fc.property(instances, (all) => {
        const world = new World()
        world.addNode('mini')
        const lost = new Set<RunnerId>()
        const full = new Set<InstanceId>()
        const held = new Map<RunnerId, number>()
        for (const [at, given] of all.entries()) {
          const id = world.declare(`declared ${at}`)
          world.reconcile()
          world.report(
            id,
            given.status === 'Failed'
              ? { status: 'Failed', errorMessage: 'x' }
              : given.status === 'Loading'
                ? { status: 'Loading', layersLoaded: 0, layers: 1 }
                : { status: given.status },
          )
          const { instanceId, shards } = world.instance(id)
          for (const { runnerId } of shards) {
            held.set(runnerId, given.held)
            if (given.lost) lost.add(runnerId)
          }
          if (given.full) full.add(instanceId)
          for (let count = 0; count < given.tasks; count += 1) {
            const taskId = TaskId.parse(`${at}.${count}`)
            world.apply({
              type: 'TaskCreated',
              task: { taskId, instanceId, kind: 'generation', status: 'Running', createdAt: 0 },
            })
          }
        }
        const known = { lost, full, held: (runnerId: RunnerId) => held.get(runnerId) ?? 0 }
        const route = routeOf(world.state, SMALL, known)
        expect(routeOf(structuredClone(world.state), SMALL, known)).toEqual(route)
        const open = Object.values(world.state.instances).filter(
          (one) =>
            isReady(world.state, one) &&
            !full.has(one.instanceId) &&
            one.shards.every(({ runnerId }) => !lost.has(runnerId)),
        )
        expect(route.kind === 'ready').toBe(open.length > 0)
        if (route.kind === 'ready') expect(open).toContainEqual(route.instance)
      }),
      { numRuns: 50 },
    )
  })
})
