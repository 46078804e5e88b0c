import { randomUUID } from 'node:crypto'
import type { NodeId } from '@core/ids'
import { MAX_REASON, type Admission } from '@core/protocols/join'
import type { Caller } from '../links/listener'
import { JoinChannel } from './join-channel'
import { commitmentTo, digitsOf, drawNonce } from './digits'
import { JoinQueue } from './join-queue'
import type { Invitations } from './token'

const ANSWER_MS = 10_000
/** How long a join request waits for a person to decide. */
const DECISION_MS = 10 * 60_000

/** A join request, as shown to the people of this cluster. */
export interface Asking {
  readonly requestId: string
  readonly nodeId: NodeId
  readonly friendlyName: string
  readonly digits: string
}

export interface AdmissionsOptions {
  /** PEM, of this machine. */
  readonly certificate: string
  readonly invitations: Invitations
  readonly cluster: () => { readonly clusterId: string; readonly clusterName: string; readonly friendlyName: string }
  /** Whether the node is or was a member. */
  readonly isKnown: (nodeId: NodeId) => boolean
  /** Makes it a member. Rejects with the message to send to it. */
  readonly admit: (member: {
    nodeId: NodeId
    certificate: string
    friendlyName: string
  }) => Promise<Omit<Admission, 'clusterId'>>
  readonly onChange: () => void
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

/** Admits machines: at once with a valid token, otherwise after a person's "Allow". */
export class Admissions {
  private readonly waiting = new Map<string, { asking: Asking; decide: (allow: boolean) => void }>()
  private readonly queue = new JoinQueue()
  /** Channels with a valid token or a person's permission. */
  private readonly invited = new WeakSet<JoinChannel>()

  constructor(private readonly options: AdmissionsOptions) {}

  asking(): readonly Asking[] {
    return [...this.waiting.values()].map(({ asking }) => asking)
  }

  /** Answers a join request. Returns false if it no longer exists. */
  decide(requestId: string, allow: boolean): boolean {
    const found = this.waiting.get(requestId)
    found?.decide(allow)
    return found !== undefined
  }

  enter(caller: Caller): void {
    const { nodeId, remoteAddress, socket } = caller
    const channel = new JoinChannel(socket)
    const leave = this.queue.enter({
      nodeId,
      remoteAddress,
      isKnown: () => this.options.isKnown(nodeId) || this.invited.has(channel),
      giveWay: () => {
        const reason = 'That cluster has too many open join requests: newer ones replaced this one'
        channel.send({ type: 'refused', code: 'not_now', reason })
        channel.close()
      },
    })
    this.handshake(caller, channel)
      .catch((err: unknown) => this.options.log.info({ err, nodeId }, 'a join request failed'))
      .finally(() => {
        leave()
        channel.close()
      })
  }

  close(): void {
    for (const { decide } of this.waiting.values()) decide(false)
  }

  private async handshake(caller: Caller, channel: JoinChannel): Promise<void> {
    const first = await channel.receive(['token', 'ask'], { withinMs: ANSWER_MS })
    if (first.type === 'ask') return this.answer(caller, channel, first)
    const verdict = this.options.invitations.redeem(first.secret)
    if (verdict === 'welcome') {
      const isLetIn = await this.admit(caller, channel, first.friendlyName)
      return this.options.invitations.settle(first.secret, { isLetIn })
    }
    this.options.log.warn({ nodeId: caller.nodeId, verdict }, 'refused an invitation token')
    const reason =
      verdict === 'expired'
        ? 'This invitation has expired: they are good for ten minutes'
        : 'This invitation is not known here: it was used already, or the machine that issued it has restarted'
    channel.send({ type: 'refused', code: `token_${verdict}`, reason })
  }

  private async answer(
    { nodeId, certificate, ...caller }: Caller,
    channel: JoinChannel,
    { friendlyName, commitment }: { friendlyName: string; commitment: string },
  ): Promise<void> {
    const { options } = this
    const nonce = drawNonce()
    const { clusterName, friendlyName: ownName } = options.cluster()
    channel.send({ type: 'commitment', commitment: commitmentTo(nonce), clusterName, friendlyName: ownName })
    const { nonce: theirs } = await channel.receive(['reveal'], { withinMs: ANSWER_MS })
    if (commitmentTo(theirs) !== commitment) throw new Error('it revealed another nonce than it committed to')
    channel.send({ type: 'reveal', nonce })
    const digits = digitsOf({
      joiner: { certificate, nonce: theirs },
      member: { certificate: options.certificate, nonce },
    })
    const asking: Asking = { requestId: randomUUID(), nodeId, friendlyName, digits }
    const allowed = await this.decision(asking, caller.socket)
    if (allowed) await this.admit({ nodeId, certificate, ...caller }, channel, friendlyName)
    else channel.send({ type: 'refused', code: 'denied', reason: 'That cluster did not let this machine in' })
  }

  private decision(asking: Asking, socket: Caller['socket']): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (allow: boolean): void => {
        clearTimeout(late)
        this.waiting.delete(asking.requestId)
        this.options.onChange()
        resolve(allow)
      }
      const late = setTimeout(() => settle(false), DECISION_MS)
      socket.once('close', () => settle(false))
      this.waiting.set(asking.requestId, { asking, decide: settle })
      this.options.onChange()
    })
  }

  /** Makes the caller a member and tells it so, or why it cannot be one now. Resolves with whether it is one. */
  private async admit({ nodeId, certificate }: Caller, channel: JoinChannel, friendlyName: string): Promise<boolean> {
    const { options } = this
    this.invited.add(channel)
    try {
      const { members, admittedAt } = await options.admit({ nodeId, certificate, friendlyName })
      options.log.info({ nodeId, friendlyName }, 'admitted a machine')
      channel.send({ type: 'admitted', clusterId: options.cluster().clusterId, members: [...members], admittedAt })
      return true
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      channel.send({ type: 'refused', code: 'not_now', reason: reason.slice(0, MAX_REASON) })
      return false
    }
  }
}
