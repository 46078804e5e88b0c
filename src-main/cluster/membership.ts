import { randomUUID } from 'node:crypto'
import type { Command } from '@core/commands/command'
import type { Envelope } from '@core/events/event'
import { CommandId, type NodeId } from '@core/ids'
import type { Admission, Fellow } from '@core/protocols/join'
import type { State } from '@core/state/state'
import type { Identity } from './identity'
import { Admissions } from './joining/admissions'
import type { AdmissionFile } from './joining/admission-file'
import { JoinError } from './joining/join-channel'
import { Joining, type JoinTarget } from './joining/joining'
import { admissionIn } from './links/removal-notices'
import { Invitations, MOST_ADDRESSES, printToken } from './joining/token'
import { ownAddresses } from './own-addresses'
import type { Peers } from './peers'

/** A leader that removed itself waits this long for its followers to receive the removal. */
const REMOVAL_DELIVERY_MS = 300

export interface MembershipOptions {
  readonly identity: Identity
  readonly friendlyName: string
  readonly admission: AdmissionFile
  readonly master: {
    state(): State
    subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void
    memberIds(): readonly NodeId[]
    /** Whether the log on this machine's disk lists it as a member. */
    readonly isNamedByLog: boolean
    submit(
      command: Command,
      options: { commandId: CommandId },
    ): Promise<{ status: 'done' } | { status: 'refused'; refusal: { reason: string } }>
    /** Called after a removal: accepts no commands until `startOver` has completed. */
    removed(): void
    startOver(members: readonly NodeId[], options: { keep: boolean }): Promise<void>
  }
  readonly peers: () => Peers | undefined
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

/** How often to check whether the log contains this machine's admission. */
const CHECK_LOG_EVERY_MS = 1000
/** Delay before retrying a write that the disk refused. */
const RETRY_MS = 2000

/** Events that may change what this machine announces. */
const CHANGING: ReadonlySet<Envelope['event']['type']> = new Set([
  'MemberAdmitted',
  'MemberUpdated',
  'MemberRemoved',
  'SettingChanged',
])

/** Waits without keeping the process alive. */
const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, milliseconds).unref())

const newCommandId = (): { commandId: CommandId } => ({ commandId: CommandId.parse(randomUUID()) })

/** This machine's membership of a cluster: founds one, admits others, joins another, leaves. */
export class Membership {
  readonly admissions: Admissions
  readonly joining: Joining
  private readonly invitations = new Invitations()
  private readonly listeners = new Set<() => void>()
  private readonly unsubscribe: () => void
  private announced = ''
  private busy: Promise<void> = Promise.resolve()
  private closed = false
  /** Whether this machine was removed and has not yet become a cluster of one again. */
  private isStartingOver = false

  constructor(private readonly options: MembershipOptions) {
    const { identity, friendlyName, master, log } = options
    const onChange = (): void => {
      for (const listener of this.listeners) listener()
    }
    this.admissions = new Admissions({
      certificate: identity.certificate,
      invitations: this.invitations,
      cluster: () => ({
        clusterId: this.clusterId,
        clusterName: master.state().settings.name,
        friendlyName: this.name,
      }),
      isKnown: (nodeId) => {
        const { members, retired = {} } = master.state()
        return nodeId in members || nodeId in retired
      },
      admit: (member) => this.admit(member),
      onChange,
      log,
    })
    this.joining = new Joining({
      identity,
      friendlyName: () => friendlyName,
      adopt: (admission) => this.adopt(admission),
      onChange,
    })
    this.announced = this.announcement
    void this.forgetAdmission()
    this.unsubscribe = master.subscribe(
      ({ event }) => {
        if (CHANGING.has(event.type)) this.onStateChange()
      },
      () => this.onStateChange(),
    )
  }

  get clusterId(): string {
    const { admission, master } = this.options
    return admission.clusterId ?? master.state().settings.clusterId ?? 'none'
  }

  /** The machine's name in its cluster, or its local name before it has one. */
  private get name(): string {
    const { identity, friendlyName, master } = this.options
    return master.state().members[identity.nodeId]?.friendlyName ?? friendlyName
  }

  private get announcement(): string {
    return `${this.clusterId} ${this.name}`
  }

  /** Notifies of join requests and of the progress of this machine's own joining. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /**
   * Resolves when a machine without other members has founded its cluster of one; at once if there are other members.
   */
  async settled(): Promise<void> {
    if (this.options.master.memberIds().length === 1) await this.registerSelf()
    else void this.registerSelf().catch(() => undefined)
  }

  /** Creates a single-use invitation token, valid for ten minutes or less. */
  invite({ validForMs }: { readonly validForMs?: number | undefined }): { token: string; expiresAt: number } {
    const { identity, peers } = this.options
    const port = peers()?.port ?? 0
    const { secret, expiresAt } = this.invitations.create(validForMs)
    const own = ownAddresses().slice(0, MOST_ADDRESSES - 1)
    const addresses = [...new Set([...own, '127.0.0.1'])].map((ip) => ({ ip, port }))
    const token = printToken({ clusterId: this.clusterId, fingerprint: identity.nodeId, secret, addresses })
    return { token, expiresAt }
  }

  /** Resolves when this machine is a member. Rejects with JoinError. */
  join(how: { readonly token: string } | { readonly target: JoinTarget }): Promise<void> {
    if (this.options.master.memberIds().length > 1)
      throw new JoinError(
        'already_member',
        'This machine belongs to a cluster of several machines already',
        'Leave that cluster first: in the app under Machines, or with `muster leave`.',
      )
    return 'token' in how ? this.joining.withToken(how.token) : this.joining.byAsking(how.target)
  }

  /** Called when this machine was removed: it becomes a cluster of one again, as soon as its disk can be written. */
  removed(): void {
    if (this.isStartingOver) return
    this.isStartingOver = true
    this.options.master.removed()
    void this.serialize(() => this.continueAlone()).finally(() => (this.isStartingOver = false))
  }

  private async continueAlone(): Promise<void> {
    const { master, identity, admission, log } = this.options
    if (master.state().masterNodeId === identity.nodeId) await pause(REMOVAL_DELIVERY_MS)
    if (this.closed) return
    log.warn({}, 'this machine was removed from its cluster and continues alone')
    await this.retryUntilDone('continue alone', async () => {
      admission.remove()
      await master.startOver([identity.nodeId], { keep: false })
    })
    // A separate step: a retry must not call `startOver` again, which would discard declarations made since.
    await this.retryUntilDone('continue alone', () => this.registerSelf())
  }

  /** Retries work that needs the disk until it succeeds or this node closes. Logs each new reason once. */
  private async retryUntilDone(goal: string, work: () => Promise<void>): Promise<void> {
    const { log } = this.options
    for (let reported: string | undefined; !this.closed; await pause(RETRY_MS)) {
      try {
        return await work()
      } catch (err) {
        const reason = err instanceof Error ? err.message : String(err)
        const hint = err instanceof Error && 'hint' in err ? err.hint : 'Check the disk of the data folder.'
        if (reason !== reported)
          log.warn({ err, reason, hint }, `cannot ${goal} yet; trying again until the disk allows it`)
        reported = reason
      }
    }
  }

  close(): void {
    this.closed = true
    this.unsubscribe()
    this.admissions.close()
    this.joining.cancel()
  }

  private serialize(work: () => Promise<void>): Promise<void> {
    const done = this.busy.then(work)
    this.busy = done.catch(() => undefined)
    return done
  }

  /**
   * Founds the cluster if there is none, and submits this machine's own name (settings, command line or system). A name
   * given in the cluster is kept until this machine's own name differs from the one it last submitted: then it was
   * renamed here (`decide` compares the two).
   */
  private async registerSelf(): Promise<void> {
    const { master, identity, friendlyName } = this.options
    const { nodeId, certificate } = identity
    const isFounder = master.memberIds().length === 1
    const { settings, members } = master.state()
    if (isFounder && settings.clusterId === undefined)
      await master.submit({ type: 'ChangeSetting', change: { key: 'clusterId', value: randomUUID() } }, newCommandId())
    if (isFounder || nodeId in members)
      await master.submit({ type: 'AdmitMember', member: { nodeId, certificate, friendlyName } }, newCommandId())
  }

  private onStateChange(): void {
    const { peers } = this.options
    if (this.announcement === this.announced) return
    this.announced = this.announcement
    peers()?.announce()
  }

  /**
   * Removes the admission file once the log contains the admission. Until then a crash would leave this machine without
   * any record of its cluster.
   */
  private async forgetAdmission(): Promise<void> {
    const { master, admission, log } = this.options
    while (!this.closed && admission.clusterId !== undefined) {
      try {
        if (master.isNamedByLog) admission.remove()
      } catch (err) {
        log.warn({ err }, 'cannot remove the admission file, although the log contains the admission')
        return
      }
      await pause(CHECK_LOG_EVERY_MS)
    }
  }

  private async admit(member: {
    nodeId: NodeId
    certificate: string
    friendlyName: string
  }): Promise<Omit<Admission, 'clusterId'>> {
    const { master, identity, peers } = this.options
    const before = admissionIn(master.state(), member.nodeId)
    const result = await master.submit({ type: 'AdmitMember', member, isLetIn: true }, newCommandId())
    if (result.status === 'refused') throw new Error(result.refusal.reason)
    const there = peers()
    const own: Fellow = {
      nodeId: identity.nodeId,
      addresses: ownAddresses().map((ip) => ({ ip, port: there?.port ?? 0 })),
    }
    const others = master.memberIds().filter((nodeId) => nodeId !== identity.nodeId && nodeId !== member.nodeId)
    const fellows = others.map((nodeId): Fellow => ({ nodeId, addresses: [...(there?.book.of(nodeId) ?? [])] }))
    // A follower's state may lag behind: it may lack this admission and still have an earlier one of the same machine.
    const now = admissionIn(master.state(), member.nodeId)
    return { members: [own, ...fellows], admittedAt: now === before ? undefined : now }
  }

  private adopt(admission: Admission): Promise<void> {
    return this.serialize(async () => {
      const { identity, admission: file, master, peers } = this.options
      const there = peers()
      // The members count on this machine from now on, so retry until the disk accepts it.
      await this.retryUntilDone('join', async () => {
        await file.write(admission)
        await master.startOver([identity.nodeId, ...admission.members.map(({ nodeId }) => nodeId)], { keep: true })
      })
      void this.forgetAdmission()
      for (const { nodeId, addresses } of admission.members) there?.book.add(nodeId, addresses)
      there?.links.dialAll()
      there?.announce()
    })
  }
}
