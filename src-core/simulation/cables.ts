import type { NodeId } from '../ids'
import { edgeKey, type Edge } from '../state/topology'
import type { StepOf } from './scenario'

const PORT = 52417

export interface Cable {
  readonly edge: Edge
  up: boolean
  /** The opposite edge that was created with it. */
  readonly back?: string | undefined
}

export interface CableChange {
  /** It was created or replaced: earlier reports are out of date. */
  readonly changed?: boolean
}

const NONE: ReadonlyMap<string, Cable> = new Map<string, Cable>()

type Listener = (key: string, how: CableChange) => void

/** The connections of all simulated machines. */
export class SimulatedCables {
  private readonly cables = new Map<string, Cable>()
  private readonly byNode = new Map<NodeId, Map<string, Cable>>()
  private readonly listeners: Listener[] = []

  onChange(listener: Listener): void {
    this.listeners.push(listener)
  }

  get(key: string): Cable | undefined {
    return this.cables.get(key)
  }

  all(): ReadonlyMap<string, Cable> {
    return this.cables
  }

  /** The connections that start or end at a machine. */
  of(nodeId: NodeId): ReadonlyMap<string, Cable> {
    return this.byNode.get(nodeId) ?? NONE
  }

  connectSocket(step: StepOf<'connect'>): void {
    const { from, to, ip, reverseIp, interfaceType, latencyMs, bytesPerSecond } = step
    const shared = {
      port: PORT,
      interfaceType,
      ...(latencyMs !== undefined && { latencyMs }),
      ...(bytesPerSecond !== undefined && { bytesPerSecond }),
    }
    const forward: Edge = { from, to, ip, ...shared }
    const back: Edge | undefined =
      reverseIp === undefined ? undefined : { from: to, to: from, ip: reverseIp, ...shared }
    this.make(forward, back && edgeKey(back))
    if (back) this.make(back, edgeKey(forward))
  }

  disconnectSocket({ from, to, ip, both }: StepOf<'disconnect'>): void {
    const key = `${from}>${to}@${ip}`
    const back = this.cables.get(key)?.back
    this.cut(key)
    if (both && back !== undefined) this.cut(back)
  }

  connectRdma({ from, to, fromInterface, toInterface }: StepOf<'connectRdma'>): void {
    const forward: Edge = { from, to, fromInterface, toInterface }
    const back: Edge = { from: to, to: from, fromInterface: toInterface, toInterface: fromInterface }
    this.make(forward, edgeKey(back))
    this.make(back, edgeKey(forward))
  }

  disconnectRdma({ from, to, fromInterface }: StepOf<'disconnectRdma'>): void {
    const key = `${from}>${to}#${fromInterface}`
    const back = this.cables.get(key)?.back
    this.cut(key)
    if (back !== undefined) this.cut(back)
  }

  private make(edge: Edge, back: string | undefined): void {
    const key = edgeKey(edge)
    const cable = { edge, up: true, back }
    this.cables.set(key, cable)
    for (const nodeId of [edge.from, edge.to])
      this.byNode.set(nodeId, (this.byNode.get(nodeId) ?? new Map<string, Cable>()).set(key, cable))
    this.tell(key, { changed: true })
  }

  private cut(key: string): void {
    const cable = this.cables.get(key)
    if (!cable) return
    cable.up = false
    this.tell(key, {})
  }

  private tell(key: string, how: CableChange): void {
    for (const listener of this.listeners) listener(key, how)
  }
}
