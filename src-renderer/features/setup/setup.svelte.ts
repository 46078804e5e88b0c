import { SetupView, type PythonView, type SleepSettings } from '@core/protocols/setup'
import { canGoTo, leaveStep, stepBefore, type SetupScope } from '@core/setup/progress'
import { SETUP_BEGINNING, type SetupProgress, type SetupStep, type StepOutcome } from '@core/settings/setup-progress'
import type { MetaInstanceId } from '@core/ids'
import type { Api } from '../../api/access'

/** A node that does not answer for so long must not keep the window empty. */
const PATIENCE_MS = 1000

/** Setup of this machine; the node stores the progress. */
export class Setup {
  private view: SetupView | undefined = $state.raw()
  /** Whether the user opened or closed it in this window; undefined: the node decides. */
  private opened: boolean | undefined = $state()
  /** The node has not said in time whether it offers setup. */
  private waitedEnough = $state(false)
  private readonly patience = setTimeout(() => (this.waitedEnough = true), PATIENCE_MS)
  /** Why the node could not store the progress. */
  problem: unknown = $state.raw()
  readonly progress: SetupProgress = $derived(this.view?.progress ?? SETUP_BEGINNING)
  readonly shown = $derived(this.opened ?? this.view?.offered ?? false)
  /** Until then neither setup nor a page is shown: a new user would see a page for a moment that is not for now. */
  readonly decided = $derived(this.opened !== undefined || this.view !== undefined || this.waitedEnough)
  /** Started and postponed. */
  readonly waits = $derived(this.view?.progress?.state === 'later')
  readonly python: PythonView | undefined = $derived(this.view?.python)
  readonly sleep: SleepSettings | undefined = $derived(this.view?.sleep)
  /** Requests in flight: their answers are older than the latest change. */
  private asking = 0

  constructor(private readonly api: Pick<Api, 'get' | 'patch'>) {}

  /** Never fails: without an answer, setup is not offered. */
  async read(): Promise<void> {
    await this.take(() => this.api.get('/node/setup', SetupView)).catch(() => (this.waitedEnough = true))
  }

  close(): void {
    clearTimeout(this.patience)
  }

  /** Setup does not come by itself over a page that the user has begun to use, however late the node offers it. */
  pageUsed(): void {
    if (this.decided && !this.shown) this.opened = false
  }

  /** Opens setup where it was left; after completion, at the first step. */
  open(): void {
    this.opened = true
    if (this.view) this.goOn()
    // How far it is, only the node knows: that must not be written over.
    else void this.read().then(() => this.view && this.opened && this.goOn())
  }

  private goOn(): void {
    const { state, metaInstanceId } = this.progress
    this.keep(
      state === 'done'
        ? { ...SETUP_BEGINNING, ...(metaInstanceId !== undefined && { metaInstanceId }) }
        : { ...this.progress, state: 'open' },
    )
  }

  /** Postpones setup: it no longer opens by itself. */
  later(): void {
    this.opened = false
    this.keep({ ...this.progress, state: 'later' })
  }

  leave(outcome: StepOutcome, scope: SetupScope): void {
    this.keep(leaveStep(this.progress, outcome, scope))
    if (this.progress.state === 'done') this.opened = false
  }

  back(scope: SetupScope): void {
    const before = stepBefore(this.progress, scope)
    if (before !== undefined) this.keep({ ...this.progress, step: before })
  }

  goTo(step: SetupStep): void {
    if (canGoTo(this.progress, step)) this.keep({ ...this.progress, step })
  }

  /** Records the first model. */
  launched(metaInstanceId: MetaInstanceId): void {
    this.keep({ ...this.progress, metaInstanceId })
  }

  /** Shows progress at once; if the node cannot store it, the user continues and is informed. */
  private keep(progress: SetupProgress): void {
    this.view = { offered: false, python: { status: 'ready' }, ...this.view, progress }
    void this.take(() => this.api.patch('/node/setup', progress, SetupView)).then(
      () => (this.problem = undefined),
      (error: unknown) => (this.problem = error),
    )
  }

  private async take(ask: () => Promise<SetupView>): Promise<void> {
    const request = (this.asking += 1)
    const view = await ask()
    if (request === this.asking) this.view = view
  }
}
