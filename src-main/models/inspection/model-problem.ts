import type { ModelProblemCode } from '@core/placement/model-card'

/** Why a model cannot be run. */
export interface ModelProblem {
  readonly problem: string
  readonly problemCode: ModelProblemCode
}

/** A file is missing or truncated; downloading it again may help. */
export const damaged = (problem: string): ModelProblem => ({ problem, problemCode: 'damaged' })

/** The files are intact but not supported; downloading them again does not help. */
export const unsupported = (problem: string): ModelProblem => ({ problem, problemCode: 'unsupported' })
