import type { Envelope } from '@core/events/event'
import type { NodeId } from '@core/ids'
import { isServing } from '@core/state/runners'
import type { State } from '@core/state/state'
import type { ClusterSimulation } from '../cluster-simulation'
import type { Happening } from '@core/simulation/happening'
import type { Step } from '@core/simulation/scenario'

/** Rare paths with several deciding nodes, which enough schedules must take. */
export const clusterPaths = [
  'led again after the master died',
  'two led at once',
  'two led in the same term',
  'records set aside',
  'declaration merged',
  'change merged',
  'deletion merged',
  'handed over by one that goes to sleep',
  'woke after its followers had gone on',
  'instance survived a change of master',
  'records lost before they were on a disk',
  'behind, and brought up to date',
  'command outlived its master',
  'nobody there to decide',
  'command through a follower',
  'followed through another',
  'brought up to date by a snapshot',
  'setting merged',
  'name or drain of a machine merged',
  'API key merged',
  'clock of the master set back',
  'clock of the master set forward',
  'warned of a wrong clock',
  'stepped down because its disk refused',
  'listened to a leader while its disk refused',
  'took part again when its disk took records',
  'gave way because its disk hung',
  'listened in a term that its disk did not have',
  'member removed, and heard so',
  'member let in again',
] as const
export type ClusterPath = (typeof clusterPaths)[number]
export type ClusterPathCounts = Record<ClusterPath, number>

const noClusterPaths = (): ClusterPathCounts =>
  Object.fromEntries(clusterPaths.map((path) => [path, 0])) as ClusterPathCounts

/** Counts how often each rare path was taken. */
export class ClusterPathCounter {
  readonly counts = noClusterPaths()
  private lastMaster: NodeId | undefined
  private readonly died = new Set<NodeId>()
  private readonly leading = new Map<NodeId, number>()
  private readonly survivors = new Set<string>()
  private readonly sleepingMasters = new Set<NodeId>()
  private readonly handingOver = new Set<NodeId>()
  private asked: { readonly id: string; readonly master: NodeId }[] = []

  constructor(private readonly simulation: () => ClusterSimulation) {}

  /** Called before each step. */
  step(step: Step): void {
    const masters = this.simulation().masters()
    const masterIds = masters.map(({ self }) => self)
    if (step.do === 'crashNode' && masterIds.includes(step.node)) this.died.add(step.node)
    if (step.do === 'crashMaster' && masterIds[0] !== undefined) this.died.add(masterIds[0])
    if (step.do === 'sleep' && masterIds.includes(step.node))
      (step.announced ? this.handingOver : this.sleepingMasters).add(step.node)
    if (step.do === 'setClock' && masterIds.includes(step.node))
      this.counts[step.byMs < 0 ? 'clock of the master set back' : 'clock of the master set forward'] += 1
    const [master] = masterIds
    if ('id' in step && master !== undefined) this.asked = [...this.asked.slice(-20), { id: step.id, master }]
  }

  happened(happening: Happening): void {
    const { counts } = this
    switch (happening.kind) {
      case 'leads':
        return this.leads(happening.node, happening.term)
      case 'follows':
        this.leading.delete(happening.node)
        if (this.sleepingMasters.delete(happening.node)) counts['woke after its followers had gone on'] += 1
        return this.follows(happening.node, happening.master)
      case 'listens':
        counts['listened to a leader while its disk refused'] += 1
        if ((this.simulation().nodes.get(happening.node)?.stored.term() ?? 0) < happening.term)
          counts['listened in a term that its disk did not have'] += 1
        this.leading.delete(happening.node)
        return
      case 'seeks':
        this.leading.delete(happening.node)
        return
      case 'setAside':
        counts['records set aside'] += 1
        return
      case 'lost':
        counts['records lost before they were on a disk'] += 1
        return
      case 'acknowledged': {
        const leads = this.simulation().nodes.get(happening.via)?.leadership
        if (leads?.kind === 'other') counts['command through a follower'] += 1
        const asked = this.asked.find(({ id }) => id === happening.id)
        if (
          asked &&
          leads?.kind !== 'nobody' &&
          asked.master !== (leads?.kind === 'other' ? leads.master : happening.via)
        )
          counts['command outlived its master'] += 1
        return
      }
      case 'installed':
        counts['brought up to date by a snapshot'] += 1
        return
      case 'steppedDown':
        counts[
          happening.code === 'disk_hangs' ? 'gave way because its disk hung' : 'stepped down because its disk refused'
        ] += 1
        return
      case 'steppedUp':
        counts['took part again when its disk took records'] += 1
        return
      case 'clockOff':
        counts['warned of a wrong clock'] += 1
        return
      case 'removed':
        counts['member removed, and heard so'] += 1
        return
      case 'joined':
        counts['member let in again'] += 1
        return
      case 'merged':
    }
  }

  refused(reason: string): void {
    if (reason.startsWith('nobody')) this.counts['nobody there to decide'] += 1
  }

  event({ event }: Envelope, before: State): void {
    const { counts } = this
    if (event.type === 'MetaInstanceCreated' && event.origin) counts['declaration merged'] += 1
    if (event.type === 'MetaInstanceUpdated' && event.origin) counts['change merged'] += 1
    if (event.type === 'MetaInstanceDeleted' && event.origin) counts['deletion merged'] += 1
    if (event.type === 'SettingChanged' && event.origin) counts['setting merged'] += 1
    if (event.type.startsWith('ApiKey') && 'origin' in event && event.origin) counts['API key merged'] += 1
    if (event.type === 'MemberUpdated' && event.origin) counts['name or drain of a machine merged'] += 1
    if (event.type !== 'RunnerStatusUpdated' || before.runners[event.runnerId] !== undefined || !isServing(event))
      return
    const instance = Object.values(before.instances).find(({ shards }) =>
      shards.some(({ runnerId }) => runnerId === event.runnerId),
    )
    if (instance && this.survivors.delete(instance.instanceId)) counts['instance survived a change of master'] += 1
  }

  private leads(node: NodeId, term: number): void {
    const { counts } = this
    if (this.lastMaster !== undefined && this.lastMaster !== node) {
      if (this.died.delete(this.lastMaster)) counts['led again after the master died'] += 1
      if (this.handingOver.delete(this.lastMaster)) counts['handed over by one that goes to sleep'] += 1
      const state = this.simulation().nodes.get(node)?.state()
      for (const instanceId of Object.keys(state?.instances ?? {})) this.survivors.add(instanceId)
    }
    for (const [other, at] of this.leading) {
      if (other === node || this.simulation().nodes.get(other)?.isMaster() !== true) continue
      counts['two led at once'] += 1
      if (at === term) counts['two led in the same term'] += 1
    }
    this.lastMaster = node
    this.leading.set(node, term)
  }

  private follows(node: NodeId, master: NodeId): void {
    const { nodes, links } = this.simulation()
    if (!links.isLinked(node, master)) this.counts['followed through another'] += 1
    const own = nodes.get(node)?.logEnd
    const its = nodes.get(master)?.logEnd
    if (own && its && own.sequence < its.sequence) this.counts['behind, and brought up to date'] += 1
  }
}
