import { idleUntil } from '@core/state/idleness'
import type { MetaInstance, OnRequest } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { durationText } from '../../state/text'
import { t } from '../../state/texts.svelte'

const MS_PER_SECOND = 1000

const endText = ({ idleSeconds }: OnRequest): string => {
  if (idleSeconds === undefined) return t('cards.request.stays')
  return idleSeconds === 0
    ? t('cards.request.endsAfterAnswer')
    : t('cards.request.endsAfterIdle', { time: durationText(idleSeconds * MS_PER_SECOND) })
}

/** `On request · ends after 5 min idle · 4 min left`; undefined for permanent declarations. */
export const onRequestLine = (state: State, metaInstance: MetaInstance, now: number): string | undefined => {
  const { onRequest, pinned } = metaInstance
  if (!onRequest) return undefined
  if (pinned) return t('cards.request.pinned')
  // Lower bound: the master may know a reason to keep it longer, never to end it sooner.
  const until = idleUntil(state, metaInstance, { deadlinesBegan: 0 })
  const left = until === undefined ? [] : [t('cards.left', { time: durationText(until - now) })]
  return [endText(onRequest), ...left].join(' · ')
}
