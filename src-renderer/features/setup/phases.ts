import type { MetaInstanceStatusWord } from '@core/state/status'
import { t } from '../../state/texts.svelte'

export type PhaseMark = 'done' | 'now' | 'ahead'

/** One phase of a model's start. */
export interface Phase {
  readonly title: string
  readonly mark: PhaseMark
}

const PHASES = ['place', 'download', 'load', 'warm', 'ready'] as const

/** Index of the phase for a status. */
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

/** Phases from launch to ready, with the current one marked. */
export const phasesOf = (word: MetaInstanceStatusWord): readonly Phase[] =>
  PHASES.map((phase, index) => ({
    title: t(`setup.phase.${phase}`),
    mark: index < at(word) ? 'done' : index === at(word) ? 'now' : 'ahead',
  }))
