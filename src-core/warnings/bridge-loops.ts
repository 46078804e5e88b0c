import type { NodeId } from '../ids'
import { bridgeOf, cablesAmong, endsOf } from '../rdma/index'
import type { State } from '../state/state'
import { coded } from '../texts/coded'
import { bridgeSteps } from './bridge-steps'
import { namesOf } from './names'
import type { Detector, DetectedWarning } from './warning'

/** A cable between two bridges. */
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

/** Whether one bridge reaches another over these cables. */
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

/** Returns the cables that are part of a loop: without such a cable its bridges still reach each other. */
const looped = (joints: readonly Joint[]): Joint[] =>
  joints.filter((joint) =>
    reaches(
      joints.filter((other) => other !== joint),
      joint.a,
      joint.b,
    ),
  )

/** Groups bridges into connected components. */
const groupsOf = (joints: readonly Joint[]): string[][] => {
  const groups: Set<string>[] = []
  for (const { a, b } of joints) {
    const touched = groups.filter((group) => group.has(a) || group.has(b))
    for (const group of touched) groups.splice(groups.indexOf(group), 1)
    groups.push(new Set([a, b, ...touched.flatMap((group) => [...group])]))
  }
  return groups.map((group) => [...group].sort())
}

/** Warns about bridges cabled in a loop: each forwards all frames, so that they circulate forever. */
export const bridgeLoopDetector: Detector = (state) =>
  groupsOf(looped(jointsOf(state))).flatMap((bridges): DetectedWarning[] => {
    const inLoop = new Set(bridges.map((bridge) => bridge.slice(0, bridge.lastIndexOf(' '))))
    const nodeIds = Object.values(state.nodes)
      .map(({ nodeId }) => nodeId)
      .filter((nodeId) => inLoop.has(nodeId))
    const [first, second, ...others] = nodeIds
    if (first === undefined) return []
    const found: DetectedWarning = {
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
