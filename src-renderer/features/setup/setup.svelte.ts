import { SetupView, type PythonView, type SleepSettings } from '@core/protocols/setup'
import { canGoTo, leaveStep, stepBefore, type SetupScope } from '@core/setup/progress'
import { SETUP_BEGINNING, type SetupProgress, type SetupStep, type StepOutcome } from '@core/settings/setup-progress'
import type { MetaInstanceId } from '@core/ids'
import type { Api } from '../../api/access'

/** Setting this machine up: where the person is, kept by the node. */
export class Setup {
  private view: SetupView | undefined = $state.raw()
  /** Whether the person opened or closed it in this window; undefined leaves that to the node. */
  private called: boolean | undefined = $state()
  /** Why the node does not keep where the person is. */
  problem: unknown = $state.raw()
  readonly progress: SetupProgress = $derived(this.view?.progress ?? SETUP_BEGINNING)
  readonly shown = $derived(this.called ?? this.view?.offered ?? false)
  /** Begun and put off. */
  readonly waits = $derived(this.view?.progress?.state === 'later')
  readonly python: PythonView | undefined = $derived(this.view?.python)
  readonly sleep: SleepSettings | undefined = $derived(this.view?.sleep)
  /** Answers that are under way: what they say is older than what was asked last. */
  private asking = 0

  constructor(private readonly api: Pick<Api, 'get' | 'patch'>) {}

  /** Never fails: without an answer nothing is offered. */
  async read(): Promise<void> {
    await this.take(() => this.api.get('/node/setup', SetupView)).catch(() => undefined)
  }

  /** Opens it where it was left; once it is done, from its beginning. */
  open(): void {
    this.called = true
    const { state, metaInstanceId } = this.progress
    this.keep(
      state === 'done'
        ? { ...SETUP_BEGINNING, ...(metaInstanceId !== undefined && { metaInstanceId }) }
        : { ...this.progress, state: 'open' },
    )
  }

  /** Puts it off: it is not opened by itself any more. */
  later(): void {
    this.called = false
    this.keep({ ...this.progress, state: 'later' })
  }

  leave(outcome: StepOutcome, scope: SetupScope): void {
    this.keep(leaveStep(this.progress, outcome, scope))
    if (this.progress.state === 'done') this.called = false
  }

  back(scope: SetupScope): void {
    const before = stepBefore(this.progress, scope)
    if (before !== undefined) this.keep({ ...this.progress, step: before })
  }

  goTo(step: SetupStep): void {
    if (canGoTo(this.progress, step)) this.keep({ ...this.progress, step })
  }

  /** The first model is this one. */
  launched(metaInstanceId: MetaInstanceId): void {
    this.keep({ ...this.progress, metaInstanceId })
  }

  /** Shown at once; where the node cannot keep it, the person goes on all the same and is told. */
  private keep(progress: SetupProgress): void {
    this.view = { offered: false, python: { status: 'ready' }, ...this.view, progress }
    this.take(() => this.api.patch('/node/setup', progress, SetupView)).then(
      () => (this.problem = undefined),
      (error: unknown) => (this.problem = error),
    )
  }

  private async take(ask: () => Promise<SetupView>): Promise<void> {
    const mine = (this.asking += 1)
    const view = await ask()
    if (mine === this.asking) this.view = view
  }
}
