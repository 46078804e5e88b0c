import type { NodeId } from '../ids'
import { edgeKey, type Edge } from '../state/topology'
import type { StepOf } from './scenario'

/** One end of a cable: that `edge.from` can reach `edge.to` this way. */
interface Link {
  readonly edge: Edge
  /** The other direction, where one step made both. */
  readonly back: string | undefined
}

const defined = <Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never

/** The cables of the simulated world: what can be reached, whoever is there to see it. */
export class Links {
  private readonly up = new Map<string, Link>()

  all(): Edge[] {
    return [...this.up.values()].map(({ edge }) => edge)
  }

  has(edge: Edge): boolean {
    return this.up.has(edgeKey(edge))
  }

  connect({ from, to, ip, reverseIp, interfaceType, latencyMs, bytesPerSecond }: StepOf<'connect'>): void {
    const facts = { port: 0, interfaceType, ...defined({ latencyMs, bytesPerSecond }) }
    const there: Edge = { from, to, ip, ...facts }
    if (reverseIp === undefined) {
      this.up.set(edgeKey(there), { edge: there, back: undefined })
      return
    }
    this.pair(there, { from: to, to: from, ip: reverseIp, ...facts })
  }

  connectRdma({ from, to, fromInterface, toInterface }: StepOf<'connectRdma'>): void {
    this.pair(
      { from, to, fromInterface, toInterface },
      { from: to, to: from, fromInterface: toInterface, toInterface: fromInterface },
    )
  }

  /** Takes one direction down, with `both` also the one that the same step made. */
  disconnect(key: string, { both }: { readonly both: boolean }): void {
    const link = this.up.get(key)
    this.up.delete(key)
    if (both && link?.back !== undefined) this.up.delete(link.back)
  }

  private pair(there: Edge, back: Edge): void {
    this.up.set(edgeKey(there), { edge: there, back: edgeKey(back) })
    this.up.set(edgeKey(back), { edge: back, back: edgeKey(there) })
  }
}

export const socketKey = (from: NodeId, to: NodeId, ip: string): string => `${from}>${to}@${ip}`
export const rdmaKey = (from: NodeId, to: NodeId, fromInterface: string): string => `${from}>${to}#${fromInterface}`
