import type { MetaInstance } from '@core/state/meta-instances'
import type { AppState } from '../../state/app.svelte'
import { declaredName } from './card'
import { t } from '../../state/texts.svelte'

/** Actions on an on-request model. */
export interface Lifetime {
  readonly keep: () => Promise<boolean>
  /** Unpins if it is pinned. */
  readonly pin: () => Promise<boolean>
  readonly end: () => Promise<boolean>
}

export const lifetimeOf = (app: Pick<AppState, 'api' | 'attempt'>, metaInstance: MetaInstance): Lifetime => {
  const name = declaredName(metaInstance)
  const path = `/meta_instance/${metaInstance.metaInstanceId}`
  const change = (what: string, json: object): Promise<boolean> =>
    app.attempt(what, () => app.api.fetch(path, { method: 'PATCH', json }))
  const { pinned = false } = metaInstance
  return {
    keep: () => change(t('cards.keepFailed', { name }), { keep: true }),
    pin: () => change(t(pinned ? 'cards.unpinFailed' : 'cards.pinFailed', { name }), { pinned: !pinned }),
    end: () => app.attempt(t('cards.endFailed', { name }), () => app.api.fetch(path, { method: 'DELETE' })),
  }
}
