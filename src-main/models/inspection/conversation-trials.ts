import type { CatalogueModel } from '@core/protocols/models'
import type { Inspection } from './model-directory'
import type { ModelProblem } from './model-problem'

type Tried = Pick<CatalogueModel, 'path' | 'fingerprint'>

interface Trial {
  readonly fingerprint: string | undefined
  readonly problem: Promise<ModelProblem | undefined>
  /** Set when the check has finished. */
  verdict?: ModelProblem | undefined
}

/** Checks whether models' tokenizers and chat templates work, once per fingerprint of their files. */
export class ConversationTrials {
  private readonly trials = new Map<string, Trial>()

  constructor(private readonly attempt: ((path: string) => Promise<ModelProblem | undefined>) | undefined) {}

  /** The problem, if any. If the check fails to run, the model is not refused and is checked again next time. */
  problemOf({ path, fingerprint }: Tried): Promise<ModelProblem | undefined> {
    const known = this.trials.get(path)
    if (known && known.fingerprint === fingerprint) return known.problem
    if (!this.attempt) return Promise.resolve(undefined)
    const problem = this.attempt(path).then(
      (verdict) => (trial.verdict = verdict),
      () => {
        if (this.trials.get(path) === trial) this.trials.delete(path)
        return undefined
      },
    )
    const trial: Trial = { fingerprint, problem }
    this.trials.set(path, trial)
    return problem
  }

  /** Adds the problem found by a finished check to an inspection. */
  amend(inspection: Inspection): Inspection {
    if (inspection.status !== 'model' || inspection.model.problem !== undefined) return inspection
    const trial = this.trials.get(inspection.model.path)
    if (trial?.verdict === undefined || trial.fingerprint !== inspection.model.fingerprint) return inspection
    return { ...inspection, model: { ...inspection.model, ...trial.verdict } }
  }
}
