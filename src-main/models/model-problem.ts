import type { ModelProblemCode } from '@core/placement/model-card'

/** Why a model cannot be run as it is. */
export interface ModelProblem {
  readonly problem: string
  readonly problemCode: ModelProblemCode
}

/** A file is missing or not whole: it may be whole where it came from. */
export const damaged = (problem: string): ModelProblem => ({ problem, problemCode: 'damaged' })

/** The files are whole, and say something that cannot be run: they are the same wherever they come from. */
export const unsupported = (problem: string): ModelProblem => ({ problem, problemCode: 'unsupported' })
