import { currentInstance, isReady } from '@core/state/bindings'
import type { MetaInstanceId, ModelId } from '@core/ids'
import type { MetaInstanceStatusWord } from '@core/protocols/control'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { shortName } from '../../state/text'
import { declaredName, looseInstances } from '../cluster/card'

/** A model that one can talk to, or could soon. */
export interface Partner {
  /** What the API takes as its model. */
  readonly id: string
  readonly name: string
  readonly modelId: ModelId
  readonly ready: boolean
  readonly paused: boolean
  /** `READY`, `LOADING` … and a line about it; for an instance that nothing keeps only whether it is ready. */
  readonly word: MetaInstanceStatusWord
  readonly detail: string
  readonly metaInstanceId: MetaInstanceId | undefined
}

const declaredPartners = (state: State): Partner[] =>
  Object.values(state.metaInstances).map((metaInstance) => {
    const { metaInstanceId, modelId, paused } = metaInstance
    const instance = currentInstance(state, metaInstanceId)
    const { word, detail } = statusOf(state, metaInstance)
    return {
      id: metaInstanceId,
      name: declaredName(metaInstance),
      modelId,
      ready: !paused && instance !== undefined && isReady(state, instance),
      paused,
      word,
      detail,
      metaInstanceId,
    }
  })

/** Where a model is declared as well, its declaration answers for it. */
const loosePartners = (state: State): Partner[] => {
  const declared = new Set<string>(Object.values(state.metaInstances).map(({ modelId }) => modelId))
  return looseInstances(state)
    .filter(({ modelId }) => !declared.has(modelId))
    .map((instance) => {
      const ready = isReady(state, instance)
      return {
        id: instance.modelId,
        name: `${shortName(instance.modelId)} (not kept running)`,
        modelId: instance.modelId,
        ready,
        paused: false,
        word: ready ? 'READY' : 'LOADING',
        detail: ready ? '' : 'loading',
        metaInstanceId: undefined,
      }
    })
}

/**
 * All of them, those that answer at once first.
 *
 * @param embeds whether a model is known to make embeddings: it answers nobody
 */
export const partnersOf = (state: State, embeds: (modelId: ModelId) => boolean = () => false): readonly Partner[] => {
  const all = [...declaredPartners(state), ...loosePartners(state)].filter(({ modelId }) => !embeds(modelId))
  return [...all.filter(({ ready }) => ready), ...all.filter(({ ready }) => !ready)]
}

/** The one that was asked for, by id or by name; else the first. */
export const chosenPartner = (partners: readonly Partner[], wanted: string | undefined): Partner | undefined =>
  partners.find(({ id }) => id === wanted) ?? partners.find(({ name }) => name === wanted) ?? partners[0]
