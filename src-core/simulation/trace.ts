import type { z } from 'zod'
import type { Refusal } from '../commands/command'
import type { Envelope, Event } from '../events/event'
import type { ModelId, NodeId, RunnerId, Timestamp } from '../ids'
import { gigabytes } from '../texts/english'
import { claimedBytes, freeBytes } from '../placement/memory'
import type { CardResult } from '../reconcile/index'
import { nodeName } from '../state/bindings'
import type { Instance } from '../state/instances'
import type { MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'
import { statusOf } from '../state/status'
import { isSocketEdge, type Edge } from '../state/topology'
import { epochMs } from '../time/clocks'
import type { Happening } from './happening'
import { Step } from './scenario'
import type { SimulationListener } from './listener'

/** `1:05.250`: minutes, seconds, milliseconds. */
const clockText = (at: Timestamp): string => {
  const seconds = Math.floor((at % 60_000) / 1000)
  return `${Math.floor(at / 60_000)}:${String(seconds).padStart(2, '0')}.${String(at % 1000).padStart(3, '0')}`
}

const edgeText = (state: State, edge: Edge): string => {
  const address = isSocketEdge(edge) ? edge.ip : `${edge.fromInterface} to ${edge.toInterface}`
  return `${nodeName(state, edge.from)} → ${nodeName(state, edge.to)} (${address})`
}

const runnerText = (state: State, runnerId: RunnerId): string => {
  for (const { shards } of Object.values(state.instances)) {
    const shard = shards.find((candidate) => candidate.runnerId === runnerId)
    if (shard) return `${runnerId} on ${nodeName(state, shard.nodeId)}`
  }
  return runnerId
}

/**
 * The addresses or RDMA interfaces that an instance was built on, each seen from its own end: `over 10.0.0.2,
 * 10.0.0.1`.
 */
const connectionsText = ({ shards, ring, jaccl }: Instance): string => {
  const ends = jaccl
    ? jaccl.devices.flat()
    : shards.map(({ nodeId, rank, worldSize }) => ring?.hostsByNode[nodeId]?.[(rank + 1) % worldSize])
  const named = ends.filter((address) => address !== null && address !== undefined)
  return named.length === 0 ? '' : ` over ${named.join(', ')}`
}

const because = (reason: string | undefined): string => (reason === undefined ? '' : `: ${reason}`)

/** Details of an event, for people. */
const detail = (state: State, event: Event): string => {
  switch (event.type) {
    case 'MetaInstanceCreated':
      return `${event.metaInstance.metaInstanceId}, ${event.metaInstance.modelId}${event.metaInstance.onRequest ? ', on request' : ''}`
    case 'MetaInstanceUpdated':
      return `${event.metaInstanceId} ${JSON.stringify(event.changes)}`
    case 'MetaInstancePlacementFailed':
      return `${event.metaInstanceId}: ${event.reason}`
    case 'MetaInstanceDeleted':
      return `${event.metaInstanceId}${because(event.reason)}`
    case 'MetaInstanceScheduled': {
      const { on, nodeIds, until, woken } = event.schedule
      const where = nodeIds ? ` on ${nodeIds.map((nodeId) => nodeName(state, nodeId)).join(', ')}` : ''
      const end = until === undefined ? '' : ` until ${new Date(epochMs(until)).toISOString()}`
      const awake = woken ? ', loaded on request' : ''
      return `${event.metaInstanceId} ${on ? 'within' : 'outside'} its hours${where}${end}${awake}`
    }
    case 'MetaInstanceRecovered':
      return event.metaInstanceId
    case 'InstanceCreated': {
      const { instanceId, metaInstanceId, replaces, shards } = event.instance
      const ranks = shards.map(({ nodeId, startLayer, endLayer }) => {
        return `${nodeName(state, nodeId)} [${startLayer}, ${endLayer})`
      })
      const owner = metaInstanceId === undefined ? '' : ` for ${metaInstanceId}`
      const instead = replaces === undefined ? '' : ` instead of ${replaces}`
      return `${instanceId}${owner}${instead} on ${ranks.join(', ')}${connectionsText(event.instance)}`
    }
    case 'InstanceDeleted':
      return `${event.instanceId}${because(event.failureError)}`
    case 'InstanceRetrying':
      return `${event.instanceId}: ${event.failureError}`
    case 'RunnerStatusUpdated': {
      const loaded = event.status === 'Loading' ? ` ${event.layersLoaded} of ${event.layers} layers` : ''
      const failed = event.status === 'Failed' ? because(event.errorMessage) : ''
      return `${runnerText(state, event.runnerId)} ${event.status}${loaded}${failed}`
    }
    case 'RunnerDeleted':
      return event.runnerId
    case 'TaskCreated':
      return `${event.task.taskId} for ${event.task.instanceId}`
    case 'TaskStatusUpdated':
      return `${event.taskId} ${event.status}`
    case 'TaskFailed':
      return `${event.taskId}: ${event.error}`
    case 'TaskDeleted':
      return event.taskId
    case 'NodeLeaving':
      return `${nodeName(state, event.nodeId)}: ${event.reason}`
    case 'MemberAdmitted':
      return event.friendlyName
    case 'NodeGatheredInfo':
    case 'NodeTimedOut':
    case 'MemberUpdated':
    case 'MemberRemoved':
    case 'NodeDownloadProgress':
      return nodeName(state, event.nodeId)
    case 'TopologyEdgeCreated':
    case 'TopologyEdgeDeleted':
      return edgeText(state, event.edge)
    case 'SettingChanged':
      return `${event.change.key} = ${String(event.change.value)}`
    case 'ApiKeyCreated':
      return `${event.apiKey.apiKeyId} ${event.apiKey.name}`
    case 'ApiKeyUpdated':
      return `${event.apiKeyId} ${JSON.stringify(event.changes)}`
    case 'ApiKeyRevoked':
      return event.apiKeyId
    case 'JacclSideChannelData':
    case 'JacclSideChannelGathered':
      return ''
  }
}

/** Fields of a step as the scenario gives them; defaults are omitted. */
const fieldsText = (name: Step['do'], fields: Readonly<Record<string, unknown>>): string[] => {
  const schema = Step.options.find(({ shape }) => shape.do.value === name)
  const shape: Readonly<Record<string, z.ZodType>> = schema?.shape ?? {}
  return Object.entries(fields).flatMap(([key, value]) => {
    const usual = shape[key]?.safeParse(undefined)
    if (usual?.success && usual.data === value) return []
    return `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`
  })
}

/** The counters that are not 0. */
const countersText = ({ consecutiveFailures, replacements, nextAttemptAt }: MetaInstance): string => {
  const parts = [
    ...(consecutiveFailures > 0 ? [`consecutiveFailures ${consecutiveFailures}`] : []),
    ...(replacements > 0 ? [`replacements ${replacements}`] : []),
    ...(nextAttemptAt === undefined ? [] : [`nextAttemptAt ${clockText(nextAttemptAt)}`]),
  ]
  return parts.length === 0 ? '' : `; ${parts.join(', ')}`
}

const TAKES_TASKS_ALONG: ReadonlySet<Event['type']> = new Set<Event['type']>([
  'InstanceDeleted',
  'InstanceRetrying',
  'NodeTimedOut',
  'NodeLeaving',
  'MemberRemoved',
])

/** Other tasks that an event ended: ` (t1 Failed)`. */
const endedTasks = (event: Event, before: State, after: State): string => {
  if (!TAKES_TASKS_ALONG.has(event.type)) return ''
  const ended = Object.values(after.tasks).filter(({ taskId, status }) => before.tasks[taskId]?.status !== status)
  return ended.length === 0 ? '' : ` (${ended.map(({ taskId, status }) => `${taskId} ${status}`).join(', ')})`
}

/** Prefix that names the node, if several decide: `b@3 ` for b in term 3. */
const nodePrefix = (node: NodeId | undefined, term?: number): string =>
  node === undefined ? '' : `${node}${term === undefined ? '' : `@${term}`} `

const happeningText = (happening: Happening): string => {
  switch (happening.kind) {
    case 'leads':
      return `${happening.node} leads in term ${happening.term}`
    case 'listens':
      return `${happening.node} listens to ${happening.master} in term ${happening.term}`
    case 'follows':
      return `${happening.node} follows ${happening.master} in term ${happening.term}`
    case 'seeks':
      return `${happening.node} knows no master`
    case 'acknowledged':
      return `${happening.via} acknowledges ${happening.command} ${happening.id}`
    case 'setAside':
      return `${happening.node} sets aside what its master does not have, after record ${happening.after}`
    case 'installed':
      return `${happening.node} has a snapshot of its master up to record ${happening.through} in place of its log`
    case 'merged':
      return `${happening.node} has merged what it declared apart: ${happening.result}`
    case 'lost':
      return `${happening.node} loses the last ${happening.records} of its records, which were not on its disk yet`
    case 'steppedDown':
      return `${happening.node} takes no part in deciding: ${happening.code}`
    case 'steppedUp':
      return `${happening.node} takes part again`
    case 'clockOff':
      return `${happening.node} warns of the clock of ${happening.machine}: ${happening.aheadMs > 0 ? 'ahead' : 'behind'} by ${Math.abs(happening.aheadMs)} ms`
    case 'removed':
      return `${happening.node} is no member any more`
    case 'joined':
      return `${happening.node} is let in again`
  }
}

/** Prints a simulation as a transcript: virtual time, what happened, and each declaration's status as it changes. */
export class Trace implements SimulationListener {
  /** Last printed status of each declaration, by deciding node. */
  private readonly statuses = new Map<NodeId | undefined, Map<string, string>>()

  constructor(private readonly print: (line: string) => void) {}

  event({ at, index, term, event }: Envelope, before: State, after: State, node?: NodeId, now = at): void {
    // Before an admission or a creation the state does not have the names yet; before a removal it still has them.
    const seen = event.type === 'MemberAdmitted' || event.type === 'InstanceCreated' ? after : before
    const text = `${event.type} ${detail(seen, event)}${endedTasks(event, before, after)}`.trimEnd()
    this.line(now, `#${index}`, `${nodePrefix(node, term)}${text}`)
  }

  step(at: Timestamp, { at: _at, do: name, ...what }: Step): void {
    this.line(at, '▸', [name, ...fieldsText(name, what)].join(' '))
  }

  happened(at: Timestamp, happening: Happening): void {
    this.line(at, '·', happeningText(happening))
  }

  passed(at: Timestamp, state: State, node?: NodeId): void {
    const statuses = this.statuses.get(node) ?? new Map<string, string>()
    this.statuses.set(node, statuses)
    for (const metaInstance of Object.values(state.metaInstances)) {
      const { metaInstanceId } = metaInstance
      const { status } = statusOf(state, metaInstance)
      const known = statuses.get(metaInstanceId)
      if (known === status) continue
      statuses.set(metaInstanceId, status)
      const change = `${metaInstanceId}: ${known === undefined ? '' : `${known} → `}${status}`
      this.line(at, '', `  ${nodePrefix(node, node && state.term)}${change}`)
    }
    for (const id of statuses.keys()) if (!(id in state.metaInstances)) statuses.delete(id)
  }

  refused(at: Timestamp, command: string, { reason }: Refusal, node?: NodeId): void {
    this.line(at, '', `${nodePrefix(node)}refused ${command}: ${reason}`)
  }

  asked(at: Timestamp, modelId: ModelId, node?: NodeId): void {
    this.line(at, '', `${nodePrefix(node)}asks for the card of ${modelId}`)
  }

  answered(at: Timestamp, modelId: ModelId, result: CardResult, node?: NodeId): void {
    this.line(
      at,
      '',
      `${nodePrefix(node)}card of ${modelId}: ${result.status === 'failed' ? result.reason : result.status}`,
    )
  }

  /** Prints the status of each declaration at the end. */
  end(state: State): void {
    this.print('')
    for (const metaInstance of Object.values(state.metaInstances)) {
      const { status, detail: text } = statusOf(state, metaInstance)
      this.print(`${metaInstance.metaInstanceId}: ${status} (${text})${countersText(metaInstance)}`)
    }
    for (const { instanceId, metaInstanceId, shards } of Object.values(state.instances)) {
      const names = shards.map(({ nodeId }) => nodeName(state, nodeId)).join(', ')
      this.print(`${instanceId}${metaInstanceId === undefined ? '' : ` for ${metaInstanceId}`}: on ${names}`)
    }
    for (const { taskId, status, error } of Object.values(state.tasks))
      this.print(`${taskId}: ${status}${because(error)}`)
    const claimed = claimedBytes(state)
    for (const { nodeId } of Object.values(state.nodes)) {
      const promised = gigabytes(claimed.get(nodeId) ?? 0)
      const free = gigabytes(freeBytes(state, nodeId, claimed))
      this.print(`${nodeName(state, nodeId)}: ${promised} promised, ${free} free`)
    }
  }

  private line(at: Timestamp, mark: string, text: string): void {
    this.print(`${clockText(at).padStart(10)} ${mark.padStart(6)}  ${text}`)
  }
}
