import { idleUntil } from '@core/reconcile/idleness'
import type { MetaInstance, OnRequest } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { durationText } from '../../state/text'

const MS_PER_SECOND = 1000

/** How long a model is kept that was loaded on request: `for 5 min after its last answer`. */
export const idleText = ({ idleSeconds }: OnRequest): string => {
  if (idleSeconds === undefined) return 'until somebody ends it'
  return idleSeconds === 0
    ? 'until it has answered'
    : `for ${durationText(idleSeconds * MS_PER_SECOND)} after its last answer`
}

const endText = ({ idleSeconds }: OnRequest): string => {
  if (idleSeconds === undefined) return 'stays until its memory is needed'
  return idleSeconds === 0 ? 'ends after its answer' : `ends after ${durationText(idleSeconds * MS_PER_SECOND)} idle`
}

/** `On request · ends after 5 min idle · 4 min left`; undefined for what is always on. */
export const onRequestLine = (state: State, metaInstance: MetaInstance, now: number): string | undefined => {
  const { onRequest, pinned } = metaInstance
  if (!onRequest) return undefined
  if (pinned) return 'On request · pinned'
  // The master may know of a reason to wait longer, never of one to end it sooner.
  const until = idleUntil(state, metaInstance, { deadlinesBegan: 0 })
  const left = until === undefined ? [] : [`${durationText(until - now)} left`]
  return ['On request', endText(onRequest), ...left].join(' · ')
}
