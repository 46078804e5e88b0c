import { currentInstance, isReady } from '@core/state/bindings'
import type { MetaInstanceId, ModelId } from '@core/ids'
import type { ModelCard } from '@core/placement/model-card'
import type { CatalogueModel } from '@core/protocols/models'
import type { State } from '@core/state/state'
import { shortName } from '../../state/text'
import { cardOf, declaredName, looseInstances, looseView } from '../cluster/card'
import type { ChatModel } from './records'
import { t } from '../../state/texts.svelte'

/** A model to chat with, ready or not. */
export interface Partner {
  /** Model name for the API. */
  readonly id: string
  readonly name: string
  readonly modelId: ModelId
  readonly ready: boolean
  readonly paused: boolean
  /** `disk`: on a disk but not running; it must be declared first. */
  readonly kind: 'declared' | 'loose' | 'disk'
  /** Shown in the list of models: the name, and the status unless it is ready. */
  readonly offer: string
  /** The status in one line. */
  readonly detail: string
  readonly metaInstanceId: MetaInstanceId | undefined
  /** Whether it reads pictures; undefined if no reachable machine has its files. */
  readonly sees: boolean | undefined
}

/** A partner without what the catalogue adds. */
type Found = Omit<Partner, 'sees'>

const declaredPartners = (state: State): Found[] =>
  Object.values(state.metaInstances).map((metaInstance) => {
    const { metaInstanceId, modelId, paused } = metaInstance
    const instance = currentInstance(state, metaInstanceId)
    const { word, line: detail } = cardOf(state, metaInstance, { now: state.lastEventAt })
    const name = declaredName(metaInstance)
    const ready = !paused && instance !== undefined && isReady(state, instance)
    return {
      id: metaInstanceId,
      kind: 'declared',
      name,
      modelId,
      ready,
      paused,
      offer: ready ? name : t('chat.withWord', { name, word }),
      detail,
      metaInstanceId,
    }
  })

/** Models with a declaration are listed by that. */
const loosePartners = (state: State): Found[] => {
  const declared = new Set<string>(Object.values(state.metaInstances).map(({ modelId }) => modelId))
  return looseInstances(state)
    .filter(({ modelId }) => !declared.has(modelId))
    .map((instance) => {
      const ready = isReady(state, instance)
      const name = t('chat.partner.loose', { name: shortName(instance.modelId) })
      return {
        id: instance.modelId,
        kind: 'loose',
        name,
        modelId: instance.modelId,
        ready,
        paused: false,
        offer: ready ? name : t('chat.withWord', { name, word: looseView(state, instance).word }),
        detail: ready ? '' : t('chat.partner.loading'),
        metaInstanceId: undefined,
      }
    })
}

const diskPartners = (models: readonly CatalogueModel[], running: readonly Found[]): Found[] => {
  const known = new Set<string>(running.map(({ modelId }) => modelId))
  return models
    .filter(({ modelId, problem }) => problem === undefined && !known.has(modelId))
    .map(({ modelId, title, quantization }) => {
      const name = quantization === undefined ? title : `${title} · ${quantization}`
      return {
        id: modelId,
        kind: 'disk',
        name,
        modelId,
        ready: false,
        paused: false,
        offer: t('chat.notRunning', { name }),
        detail: t('chat.partner.disk'),
        metaInstanceId: undefined,
      }
    })
}

/** All partners: ready ones first, undeclared ones last. Embedding models are left out. */
export const partnersOf = (state: State, catalogue: readonly CatalogueModel[] = []): readonly Partner[] => {
  const cards = new Map<string, ModelCard>(catalogue.map(({ modelId, card }) => [modelId, card]))
  const running = [...declaredPartners(state), ...loosePartners(state)]
  const all = [...running, ...diskPartners(catalogue, running)].flatMap((found): Partner[] => {
    const card = cards.get(found.modelId)
    return card?.kind === 'embedding' ? [] : [{ ...found, sees: card && card.vision === true }]
  })
  const rank = ({ ready, kind }: Partner): number => (ready ? 0 : kind === 'disk' ? 2 : 1)
  return all.sort((a, b) => rank(a) - rank(b))
}

/** What matters about a model for attachments. */
export interface Reader {
  readonly name: string
  readonly sees: boolean | undefined
  /** Names of models that read pictures. */
  readonly seeing: readonly string[]
}

export const readerOf = (name: string, partner: Partner | undefined, partners: readonly Partner[]): Reader => ({
  name,
  sees: partner?.sees,
  seeing: partners.filter(({ sees }) => sees).map((one) => one.name),
})

/** What a conversation that has not begun is to have. */
export interface Wanted {
  /** By a link, or by the user's choice: an id, a name, or its model's id. */
  readonly named: string | undefined
  /** The model of the latest conversation. */
  readonly latest: string | undefined
  /** Whether all models and earlier conversations are known. */
  readonly complete: boolean
}

/** The named partner, else that of the latest conversation, else the first; as long as some are missing, no first. */
export const chosenPartner = (
  partners: readonly Partner[],
  { named, latest, complete }: Wanted,
): Partner | undefined => {
  const wanted = named ?? latest
  return (
    partners.find(({ id }) => id === wanted) ??
    partners.find(({ name }) => name === wanted) ??
    partners.find(({ modelId }) => modelId === wanted) ??
    (complete ? partners[0] : undefined)
  )
}

/**
 * The partner to continue a conversation with: the same declaration, else another with the same model; undefined if
 * there is none.
 */
export const partnerAgain = (partners: readonly Partner[], { id, modelId }: ChatModel): Partner | undefined =>
  partners.find((partner) => partner.id === id) ?? partners.find((partner) => partner.modelId === modelId)

export const chatModelOf = ({ id, name, modelId }: Partner): ChatModel => ({ id, name, modelId })
