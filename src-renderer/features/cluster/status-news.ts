import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { cardWord, declaredName } from './card'
import { t } from '../../state/texts.svelte'

/** Name and status of every declaration, by id. */
export type Words = Readonly<Record<string, { readonly name: string; readonly word: string }>>

export const wordsOf = (state: State): Words =>
  Object.fromEntries(
    Object.entries(state.metaInstances).map(([id, metaInstance]) => [
      id,
      { name: declaredName(metaInstance), word: cardWord(metaInstance, statusOf(state, metaInstance)) },
    ]),
  )

/** With more changes at once, only their number is announced. */
const MOST_LISTED = 3

/** Announcement for screen readers: `chat: Ready. code: Retrying (1/3).`; empty if nothing changed. */
export const statusNews = (before: Words, after: Words): string => {
  const changed = Object.entries(after).filter(([id, { word }]) => before[id] !== undefined && before[id].word !== word)
  const listed = changed.slice(0, MOST_LISTED).map(([, { name, word }]) => t('cards.news.word', { name, word }))
  const more = changed.length - listed.length
  return [...listed, ...(more > 0 ? [t('cards.news.more', { count: more })] : [])].join(' ')
}
