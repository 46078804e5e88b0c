import type { MetaInstance } from '@core/state/meta-instances'
import type { AppState } from '../../state/app.svelte'
import { declaredName } from './card'

/** What a person can do about a model that was loaded on request. */
export interface Lifetime {
  readonly keep: () => Promise<boolean>
  /** Or the opposite, of one that is pinned. */
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
    keep: () => change(`Can’t keep ${name} always on.`, { keep: true }),
    pin: () => change(pinned ? `Can’t unpin ${name}.` : `Can’t pin ${name}.`, { pinned: !pinned }),
    end: () => app.attempt(`Can’t end ${name}.`, () => app.api.fetch(path, { method: 'DELETE' })),
  }
}
