import type { Observation } from '@core/events/event'
import type { NodeId, RunnerId } from '@core/ids'
import { plan } from '@core/plan/index'
import type { Shard } from '@core/state/instances'
import { isServing, isTerminal, type RunnerStatus } from '@core/state/runners'
import type { State } from '@core/state/state'
import type { Random } from '@core/random'
import { startOf } from '@core/simulation/runner-start'
import type { RunnerBehaviour } from '@core/simulation/scenario'
import type { NodeClock } from './node-clock'
import type { RecentReports } from './recent-reports'
import { inEnglish } from '@core/texts/english'

export interface WorkerParts {
  readonly self: NodeId
  readonly clock: NodeClock
  readonly random: Random
  readonly behaviour: RunnerBehaviour
  readonly reports: RecentReports
  readonly state: () => State
  readonly observe: (event: Observation) => void
  /** Machines that have been silent long enough for a rank there to hang. */
  readonly silent: () => ReadonlySet<NodeId>
}

interface SimulatedRunner {
  status: RunnerStatus
  /** Whether it has a status to report; false until its start reports the first. */
  hasReport: boolean
}

const statusKey = (runnerId: RunnerId, status: RunnerStatus): string => `${runnerId} ${JSON.stringify(status)}`

/** A worker with simulated runners: carries out the product's plan for the state that its node sees. */
export class SimulatedWorker {
  private readonly runners = new Map<RunnerId, SimulatedRunner>()

  constructor(private readonly parts: WorkerParts) {}

  /** Carries out the plan, and repeats reports that the state does not show. */
  reconcile(): void {
    const { self, state, silent, reports, observe } = this.parts
    const running = { runners: this.statuses(), tasks: new Set<never>(), silent: silent() }
    for (const action of plan(state(), self, running)) {
      switch (action.kind) {
        case 'start':
          this.start(action.shard)
          break
        case 'stop':
          this.runners.delete(action.runnerId)
          break
        case 'giveUp':
          this.giveUp(action.runnerId, inEnglish(action.reason))
          break
        case 'reportDeleted': {
          const { runnerId } = action
          reports.sendOnce(`${runnerId} deleted`, () => observe({ type: 'RunnerDeleted', runnerId }))
          break
        }
        case 'report':
          if (this.runners.get(action.runnerId)?.hasReport) this.report(action.runnerId, action.status)
          break
        case 'cancel':
      }
    }
  }

  /** Sets a runner's status, from the scenario or from its start-up. Ignored after a terminal status. */
  set(runnerId: RunnerId, status: RunnerStatus): void {
    const runner = this.runners.get(runnerId)
    if (!runner || (isTerminal(runner.status) && runner.hasReport)) return
    runner.status = status
    runner.hasReport = true
    this.parts.reports.forget(statusKey(runnerId, status))
    this.report(runnerId, status)
  }

  /** Its instance starts or stops computing. */
  work(runnerId: RunnerId, { busy }: { readonly busy: boolean }): void {
    const status = this.runners.get(runnerId)?.status
    if (this.parts.behaviour.auto && status && isServing(status))
      this.set(runnerId, { status: busy ? 'Running' : 'Ready' })
  }

  /** The node's process ended, and its runners with it. */
  end(): void {
    this.runners.clear()
  }

  private statuses(): Map<RunnerId, RunnerStatus> {
    return new Map([...this.runners].map(([runnerId, { status }]) => [runnerId, status]))
  }

  private giveUp(runnerId: RunnerId, errorMessage: string): void {
    const status: RunnerStatus = { status: 'Failed', errorMessage, consequence: true }
    const runner = this.runners.get(runnerId)
    if (runner) this.set(runnerId, status)
    else this.report(runnerId, status)
  }

  private report(runnerId: RunnerId, status: RunnerStatus): void {
    const { reports, observe } = this.parts
    reports.sendOnce(statusKey(runnerId, status), () => observe({ type: 'RunnerStatusUpdated', runnerId, ...status }))
  }

  private start(shard: Shard): void {
    const { clock, behaviour, random } = this.parts
    const { runnerId } = shard
    const runner: SimulatedRunner = { status: { status: 'Connecting' }, hasReport: false }
    this.runners.set(runnerId, runner)
    if (!behaviour.auto) return
    for (const { after, status } of startOf(shard, behaviour, random)) {
      const take = (): void => {
        if (this.runners.get(runnerId) === runner) this.set(runnerId, status)
      }
      if (after === 0) take()
      else clock.after(after, take)
    }
  }
}
