import type { Message } from '@core/consensus/index'
import type { LogRecord } from '@core/events/record'
import type { NodeId } from '@core/ids'
import { Master } from '../master'
import { alone, type Network } from '../network'
import type { Brought } from '../replication'

export interface LinkedMastersOptions {
  /** Of the link, either way; at once where it is absent. */
  readonly bitsPerSecond?: number
  /** What goes over the link, in bytes. */
  readonly onSent?: (bytes: number, brought: Brought) => void
  readonly log?: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

const silent = { info: () => undefined, warn: () => undefined }

/** Two masters of one process, linked as two machines are: everything goes as text. For tests and benchmarks. */
export class LinkedMasters {
  /** What was said, in order. */
  readonly said: Message['type'][] = []
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
    /** When the link has carried all that was given to it. */
    let free = 0
    const give = (message: Message, { records, snapshot }: Brought): void => {
      this.said.push(message.type)
      const text = JSON.stringify({ message, records })
      const bytes = text.length + (snapshot?.length ?? 0)
      onSent?.(bytes, { ...(records && { records }), ...(snapshot && { snapshot }) })
      const arrive = (): void => {
        const { message: said, records: brought } = JSON.parse(text) as { message: Message; records?: LogRecord[] }
        const came = { ...(brought && { records: brought }), ...(snapshot && { snapshot }) }
        masters.get(other)?.received(self, said, came)
      }
      if (bitsPerSecond === undefined) return void setImmediate(arrive)
      const now = performance.now()
      free = Math.max(free, now) + (bytes * 8000) / bitsPerSecond
      setTimeout(arrive, free - now)
    }
    return {
      ...alone,
      send: (_to, message, records) => give(message, records ? { records } : {}),
      sendSnapshot: (_to, message, snapshot) => give(message, { snapshot }),
      submit: (_to, command, commandId) =>
        masters.get(other)?.submittedBy(command, commandId) ?? Promise.resolve({ status: 'not_master' }),
      async *watch(_master, term, signal) {
        const master = masters.get(other)
        if (master) yield* master.watchedBy(term, signal)
      },
    }
  }
}
