import { currentInstance, isReady } from '@core/state/bindings'
import type { MetaInstanceId, ModelId } from '@core/ids'
import type { ModelCard } from '@core/placement/model-card'
import type { CatalogueModel } from '@core/protocols/models'
import type { MetaInstanceStatusWord } from '@core/state/status'
import type { State } from '@core/state/state'
import { shortName } from '../../state/text'
import { cardOf, declaredName, looseInstances } from '../cluster/card'
import type { ChatModel } from './records'
import { t } from '../../state/texts.svelte'

/** A model that one can talk to, or could soon. */
export interface Partner {
  /** What the API takes as its model. */
  readonly id: string
  readonly name: string
  readonly modelId: ModelId
  readonly ready: boolean
  readonly paused: boolean
  /** `disk`: it lies on a disk and does not run; somebody has to declare it first. */
  readonly kind: 'declared' | 'loose' | 'disk'
  /** `READY`, `LOADING` … and a line about it; for what is not declared only whether it is ready. */
  readonly word: MetaInstanceStatusWord | 'NOT_RUNNING'
  readonly detail: string
  readonly metaInstanceId: MetaInstanceId | undefined
  /** Whether it reads pictures; undefined where no machine in reach has the model's files. */
  readonly sees: boolean | undefined
}

/** A partner but for what the catalogue says of its model. */
type Found = Omit<Partner, 'sees'>

const declaredPartners = (state: State): Found[] =>
  Object.values(state.metaInstances).map((metaInstance) => {
    const { metaInstanceId, modelId, paused } = metaInstance
    const instance = currentInstance(state, metaInstanceId)
    const { machineWord: word, line: detail } = cardOf(state, metaInstance, { now: state.lastEventAt })
    return {
      id: metaInstanceId,
      kind: 'declared',
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
const loosePartners = (state: State): Found[] => {
  const declared = new Set<string>(Object.values(state.metaInstances).map(({ modelId }) => modelId))
  return looseInstances(state)
    .filter(({ modelId }) => !declared.has(modelId))
    .map((instance) => {
      const ready = isReady(state, instance)
      return {
        id: instance.modelId,
        kind: 'loose',
        name: t('chat.partner.loose', { name: shortName(instance.modelId) }),
        modelId: instance.modelId,
        ready,
        paused: false,
        word: ready ? 'READY' : 'LOADING',
        detail: ready ? '' : t('chat.partner.loading'),
        metaInstanceId: undefined,
      }
    })
}

const diskPartners = (models: readonly CatalogueModel[], running: readonly Found[]): Found[] => {
  const known = new Set<string>(running.map(({ modelId }) => modelId))
  return models
    .filter(({ modelId, problem }) => problem === undefined && !known.has(modelId))
    .map(({ modelId, title, quantization }) => ({
      id: modelId,
      kind: 'disk',
      name: quantization === undefined ? title : `${title} · ${quantization}`,
      modelId,
      ready: false,
      paused: false,
      word: 'NOT_RUNNING',
      detail: t('chat.partner.disk'),
      metaInstanceId: undefined,
    }))
}

/** All of them, those that answer at once first, those that nobody declared last. Models that make embeddings answer nobody. */
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

/** Who reads a question, as far as it matters for what may go with it. */
export interface Reader {
  readonly name: string
  readonly sees: boolean | undefined
  /** The names of others that read pictures. */
  readonly seeing: readonly string[]
}

export const readerOf = (name: string, partner: Partner | undefined, partners: readonly Partner[]): Reader => ({
  name,
  sees: partner?.sees,
  seeing: partners.filter(({ sees }) => sees).map((one) => one.name),
})

/** The one that was asked for, by id or by name; else the first. */
export const chosenPartner = (partners: readonly Partner[], wanted: string | undefined): Partner | undefined =>
  partners.find(({ id }) => id === wanted) ?? partners.find(({ name }) => name === wanted) ?? partners[0]

/** Who goes on with a conversation: the same declaration, else whatever runs or holds the same model; undefined where it is gone. */
export const partnerAgain = (partners: readonly Partner[], { id, modelId }: ChatModel): Partner | undefined =>
  partners.find((partner) => partner.id === id) ?? partners.find((partner) => partner.modelId === modelId)

export const chatModelOf = ({ id, name, modelId }: Partner): ChatModel => ({ id, name, modelId })
