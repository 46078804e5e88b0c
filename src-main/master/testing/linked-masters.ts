import type { Message } from '@core/consensus/index'
import type { LogRecord } from '@core/events/record'
import type { NodeId } from '@core/ids'
import { Master } from '../master'
import { alone, type Network } from '../network'
import type { Payload } from '../replication/replication'

export interface LinkedMastersOptions {
  /** Bandwidth of the link in each direction; unlimited if absent. */
  readonly bitsPerSecond?: number
  /** Called for each message, with its size in bytes and what it carries. */
  readonly onSent?: (bytes: number, payload: Payload) => void
  readonly log?: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

const silent = { info: () => undefined, warn: () => undefined }

/** Two masters in one process with a simulated link, over which everything is serialised. For tests and benchmarks. */
export class LinkedMasters {
  /** Types of all messages sent, in order. */
  readonly sent: Message['type'][] = []
  private readonly masters = new Map<NodeId, Master>()

  constructor(private readonly options: LinkedMastersOptions = {}) {}

  async open(self: NodeId, other: NodeId, dataDir: string, admittedBy: NodeId[] = []): Promise<Master> {
    const loadCard = () => Promise.resolve({ status: 'failed', reason: 'none' } as const)
    const { log = silent } = this.options
    const network = this.link(self, other)
    const master = await Master.open({ dataDir, nodeId: self, loadCard, log, network, admittedBy })
    this.masters.set(self, master)
    return master
  }

  async close(): Promise<void> {
    for (const master of this.masters.values()) await master.close()
    this.masters.clear()
  }

  private link(self: NodeId, other: NodeId): Network {
    const { masters } = this
    const { bitsPerSecond, onSent } = this.options
    /** Time at which the link has transferred everything handed to it, in `performance.now()` milliseconds. */
    let idleAt = 0
    const transfer = (message: Message, { records, snapshot }: Payload): void => {
      this.sent.push(message.type)
      const text = JSON.stringify({ message, records })
      const bytes = text.length + (snapshot?.length ?? 0)
      onSent?.(bytes, { ...(records && { records }), ...(snapshot && { snapshot }) })
      const arrive = (): void => {
        const received = JSON.parse(text) as { message: Message; records?: LogRecord[] }
        const payload = { ...(received.records && { records: received.records }), ...(snapshot && { snapshot }) }
        masters.get(other)?.received(self, received.message, payload)
      }
      if (bitsPerSecond === undefined) return void setImmediate(arrive)
      const now = performance.now()
      idleAt = Math.max(idleAt, now) + (bytes * 8000) / bitsPerSecond
      setTimeout(arrive, idleAt - now)
    }
    return {
      ...alone,
      send: (_to, message, records) => transfer(message, records ? { records } : {}),
      sendSnapshot: (_to, message, snapshot) => transfer(message, { snapshot }),
      submit: (_to, command, commandId) =>
        masters.get(other)?.submittedBy(command, commandId) ?? Promise.resolve({ status: 'not_master' }),
      async *watch(_master, term, signal) {
        const master = masters.get(other)
        if (master) yield* master.watchedBy(term, signal)
      },
    }
  }
}
