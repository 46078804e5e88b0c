import { describe, expect, it } from 'vitest'
import { checkScenario } from './check'

const nodes = [
  { at: 0, do: 'addNode', node: 'a' },
  { at: 0, do: 'addNode', node: 'b' },
]

const problems = (scenario: object): readonly string[] => {
  const checked = checkScenario(scenario)
  return checked.status === 'sound' ? [] : checked.problems
}

describe('a scenario with several deciding nodes', () => {
  it('may separate, crash and suspend them, and disturb their messages', () => {
    const steps = [
      ...nodes,
      { at: 1, do: 'partition', groups: [['a'], ['b']] },
      { at: 2, do: 'heal' },
      { at: 3, do: 'crashNode', node: 'a' },
      { at: 4, do: 'restartNode', node: 'a' },
      { at: 5, do: 'sleep', node: 'a', announced: false },
      { at: 6, do: 'wake', node: 'a' },
      { at: 7, do: 'network', loss: 0.2, delayMs: 5, jitterMs: 5 },
      { at: 8, do: 'deleteMetaInstance', id: 'x', via: 'b' },
      { at: 9, do: 'removeMember', node: 'b' },
    ]
    expect(problems({ replicas: ['a', 'b'], steps })).toEqual([])
  })

  it.each([
    [{ do: 'partition', groups: [['a'], ['c']] }, 'no step adds the node "c"'],
    [{ do: 'partition', groups: [['a'], ['a', 'b']] }, 'the node "a" is named twice'],
    [{ do: 'crashNode', node: 'c' }, 'no step adds the node "c"'],
    [{ do: 'sleep', node: 'c' }, 'no step adds the node "c"'],
    [{ do: 'deleteMetaInstance', id: 'x', via: 'c' }, 'no step adds the node "c"'],
    [{ do: 'addNode', node: 'c' }, '"replicas" does not name the node "c"'],
    [{ do: 'network', loss: 2 }, 'loss'],
    [{ do: 'network', lost: 0.2 }, 'lost'],
  ])('is refused for %o, with the number of the step', (step, cause) => {
    const [problem = '', ...more] = problems({ replicas: ['a', 'b'], steps: [...nodes, { at: 1, ...step }] })
    expect(more).toEqual([])
    expect(problem).toContain(`step 3 (${step.do})`)
    expect(problem).toContain(cause)
  })

  it('must add every one of them', () => {
    expect(problems({ replicas: ['a', 'b', 'c'], steps: nodes })).toEqual(['replicas: no step adds the node "c"'])
  })

  it('must declare them before a step can separate them', () => {
    for (const step of [{ do: 'heal' }, { do: 'crashNode', node: 'a' }, { do: 'cancelTask', id: 'x', via: 'a' }])
      expect(problems({ steps: [...nodes, { at: 1, ...step }] })[0]).toContain('"replicas"')
  })
})
