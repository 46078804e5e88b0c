import type { MetaInstanceStatusWord } from '@core/state/status'
import { t } from '../../state/texts.svelte'

export type PhaseMark = 'done' | 'now' | 'ahead'

/** One part of the way of a first model. */
export interface Phase {
  readonly title: string
  readonly mark: PhaseMark
}

const PHASES = ['place', 'download', 'load', 'warm', 'ready'] as const

/** Which of the titles a status is at. */
const at = (word: MetaInstanceStatusWord): number => {
  switch (word) {
    case 'PAUSED':
    case 'OFF_HOURS':
    case 'PLACEMENT_FAILED':
    case 'PLACING':
      return 0
    case 'DOWNLOADING':
      return 1
    case 'CONNECTING':
    case 'RETRYING':
    case 'LOADING':
      return 2
    case 'WARMING_UP':
      return 3
    case 'READY':
    case 'RUNNING':
      return PHASES.length
  }
}

/** The way of a model from its launch to its first answer, with where it is. */
export const phasesOf = (word: MetaInstanceStatusWord): readonly Phase[] =>
  PHASES.map((phase, index) => ({
    title: t(`setup.phase.${phase}`),
    mark: index < at(word) ? 'done' : index === at(word) ? 'now' : 'ahead',
  }))
