import type { NodeId } from '../ids'
import { bridgeOf } from '../rdma/cable-reasons'
import { cablesAmong, endsOf } from '../rdma/cables'
import type { State } from '../state/state'
import { coded } from '../texts/coded'
import { bridgeSteps } from './bridge-steps'
import { namesOf } from './names'
import type { Family, Found } from './warning'

/** Two bridges that a cable joins. */
interface Joint {
  readonly a: string
  readonly b: string
}

const isActive = (state: State, nodeId: NodeId, name: string): boolean =>
  state.nodes[nodeId]?.thunderbolt?.bridges.some((bridge) => bridge.name === name && bridge.active) ?? false

const jointsOf = (state: State): Joint[] =>
  cablesAmong(state).flatMap((cable) => {
    const [a, b] = endsOf(cable).map((end) => {
      const bridge = bridgeOf(state, end)
      return bridge !== undefined && isActive(state, end.nodeId, bridge) ? `${end.nodeId} ${bridge}` : undefined
    })
    return a === undefined || b === undefined ? [] : [{ a, b }]
  })

/** Whether one bridge reaches the other by these joints. */
const reaches = (joints: readonly Joint[], from: string, to: string): boolean => {
  const seen = new Set([from])
  for (const bridge of seen) {
    for (const { a, b } of joints) {
      if (a === bridge) seen.add(b)
      if (b === bridge) seen.add(a)
    }
  }
  return seen.has(to)
}

/** Those that lie in a loop: without one of them its two bridges still reach each other. */
const looped = (joints: readonly Joint[]): Joint[] =>
  joints.filter((joint) =>
    reaches(
      joints.filter((other) => other !== joint),
      joint.a,
      joint.b,
    ),
  )

/** The bridges that hang together, as groups. */
const groupsOf = (joints: readonly Joint[]): string[][] => {
  const groups: Set<string>[] = []
  for (const { a, b } of joints) {
    const touched = groups.filter((group) => group.has(a) || group.has(b))
    for (const group of touched) groups.splice(groups.indexOf(group), 1)
    groups.push(new Set([a, b, ...touched.flatMap((group) => [...group])]))
  }
  return groups.map((group) => [...group].sort())
}

/** A bridge sends on what comes in: where bridges are cabled in a circle, it goes round for ever. */
export const bridgeLoopFamily: Family = (state) =>
  groupsOf(looped(jointsOf(state))).flatMap((bridges): Found[] => {
    const inLoop = new Set(bridges.map((bridge) => bridge.slice(0, bridge.lastIndexOf(' '))))
    const nodeIds = Object.values(state.nodes)
      .map(({ nodeId }) => nodeId)
      .filter((nodeId) => inLoop.has(nodeId))
    const [first, second, ...others] = nodeIds
    if (first === undefined) return []
    const found: Found = {
      id: `bridge-loop ${bridges.join(', ')}`,
      code: 'bridge-loop',
      severity: 'error',
      title: coded('alerts.loop.title', { names: namesOf(state, nodeIds) }),
      cause: coded('alerts.loop.cause'),
      fix: [
        { text: coded('alerts.loop.takeOut') },
        ...bridgeSteps(state, nodeIds),
        { text: coded('alerts.loop.unplug') },
      ],
      subject:
        second !== undefined && others.length === 0
          ? { kind: 'link', nodeIds: [first, second] }
          : { kind: 'node', nodeId: first },
      nodeIds,
    }
    return [found]
  })
