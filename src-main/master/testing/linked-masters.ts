import { vi } from 'vitest'
import type { Message } from '@core/consensus/message'
import type { NodeId } from '@core/ids'
import { Master } from '../master'
import { alone, type Network } from '../network'

/** Two masters of one process, linked as two machines are: everything goes as text. For tests. */
export class LinkedMasters {
  /** What was said, in order. */
  readonly said: Message['type'][] = []
  readonly log = { info: vi.fn(), warn: vi.fn() }
  private readonly masters = new Map<NodeId, Master>()

  async open(self: NodeId, other: NodeId, dataDir: string, admittedBy: NodeId[] = []): Promise<Master> {
    const loadCard = () => Promise.resolve({ status: 'failed', reason: 'none' } as const)
    const network = this.link(self, other)
    const master = await Master.open({ dataDir, nodeId: self, loadCard, log: this.log, network, admittedBy })
    this.masters.set(self, master)
    return master
  }

  async close(): Promise<void> {
    for (const master of this.masters.values()) await master.close()
    this.masters.clear()
  }

  private link(self: NodeId, other: NodeId): Network {
    const { masters } = this
    const give = (message: Message, brought: Parameters<Master['received']>[2]): void => {
      this.said.push(message.type)
      setImmediate(() => masters.get(other)?.received(self, JSON.parse(JSON.stringify(message)) as Message, brought))
    }
    return {
      ...alone,
      send: (_to, message, records) => give(message, records && { records: [...records] }),
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
