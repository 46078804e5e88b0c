import type { Envelope, Event } from '../events/event'
import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import type { State } from '../state/state'
import { statusOf } from '../state/status'
import { isSocketEdge, type Edge } from '../state/topology'
import type { Scenario } from './scenario'
import { Simulation, type Told } from './simulation'

const MINUTE_MS = 60_000

/** `1:05.250` */
const clock = (milliseconds: number): string => {
  const seconds = ((milliseconds % MINUTE_MS) / 1000).toFixed(3).padStart(6, '0')
  return `${Math.floor(milliseconds / MINUTE_MS)}:${seconds}`
}

const edgeText = (edge: Edge, name: (nodeId: NodeId) => string): string => {
  const way = isSocketEdge(edge) ? `${edge.ip} (${edge.interfaceType})` : `${edge.fromInterface} → ${edge.toInterface}`
  return `${name(edge.from)} → ${name(edge.to)} by ${way}`
}

/** What an event is about, beyond its name. */
const about = (event: Event, name: (nodeId: NodeId) => string): string => {
  switch (event.type) {
    case 'TopologyEdgeCreated':
    case 'TopologyEdgeDeleted':
      return edgeText(event.edge, name)
    case 'InstanceCreated':
      return `${event.instance.instanceId} of ${event.instance.modelId} on ${event.instance.shards.map(({ nodeId }) => name(nodeId)).join(', ')}`
    case 'InstanceDeleted':
      return [event.instanceId, event.failureError].filter(Boolean).join(': ')
    case 'InstanceRetrying':
      return `${event.instanceId}: ${event.failureError}`
    case 'MetaInstanceCreated':
      return `${event.metaInstance.metaInstanceId}: ${event.metaInstance.modelId}`
    case 'MetaInstancePlacementFailed':
      return `${event.metaInstanceId}: ${event.reason}`
    case 'RunnerStatusUpdated':
      return `${event.runnerId} ${event.status}${event.status === 'Failed' ? `: ${event.errorMessage}` : ''}`
    case 'TaskCreated':
      return `${event.task.taskId} on ${event.task.instanceId}`
    case 'TaskStatusUpdated':
      return `${event.taskId} ${event.status}`
    default:
      return Object.entries(event)
        .flatMap(([field, value]) =>
          field === 'nodeId' ? name(value as NodeId) : field.endsWith('Id') ? String(value) : [],
        )
        .join(' ')
  }
}

/** A run for people: what happened when, and what became of each declaration. */
export const trace = (scenario: Scenario): string[] => {
  const lines: string[] = []
  const shown = new Map<string, string>()
  const say = (at: number, text: string): void => void lines.push(`${clock(at).padStart(10)}  ${text}`)
  const showStatuses = (at: number, state: State): void => {
    for (const metaInstance of Object.values(state.metaInstances)) {
      const { status, detail } = statusOf(state, metaInstance)
      const text = `${status} · ${detail}`
      if (shown.get(metaInstance.metaInstanceId) === text) continue
      shown.set(metaInstance.metaInstanceId, text)
      say(at, `    ${metaInstance.metaInstanceId} is ${text}`)
    }
  }
  const onEvent = ({ at, index, event }: Envelope): void => {
    const name = (nodeId: NodeId): string => nodeName(simulation.state, nodeId)
    say(at, `${String(index).padStart(5)} ${event.type} ${about(event, name)}`.trimEnd())
  }
  const tell = (told: Told): void => {
    if (told.kind === 'event') onEvent(told.envelope)
    else say(told.at, `      ${told.command} was refused: ${told.reason}`)
  }
  const simulation: Simulation = new Simulation(scenario, tell)
  simulation.run(() => showStatuses(simulation.now, simulation.state))
  return lines
}
