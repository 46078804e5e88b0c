import { neededBytes } from '../placement/memory'
import type { ModelCard } from '../placement/model-card'
import { placementWords } from '../placement/placement-words'
import { currentInstance, instancesOf, isReady, nodeName } from '../state/bindings'
import type { Instance } from '../state/instances'
import type { MetaInstance, PlacementError } from '../state/meta-instances'
import { comingReplacement, readyReplicas } from '../state/replicas'
import { isOffHours } from '../state/scheduling'
import type { State } from '../state/state'
import { figuresOf } from '../texts/figures'
import { codedRenderer } from '../texts/render-coded'
import { timesOf } from '../texts/times'
import type { Translator } from '../texts/translator'
import { epochMs } from '../time/clocks'
import { instanceLines, type InstanceLines } from './instance-lines'
import { sentence } from './sentence'

export interface LineInputs {
  /** Read only where the line depends on the time: a reactive reader is not called again each second. */
  readonly now: number
  /** The model's card, if it is known. */
  readonly card?: ModelCard | undefined
}

/** How a declaration is, as the window and the menu bar say it, in one language. */
export interface DeclarationLines extends InstanceLines {
  /** One line about the current state. */
  readonly declaration: (state: State, metaInstance: MetaInstance, inputs: LineInputs) => string
  /** `Moving to MacBook Pro · 40 %` while another instance takes the place of one that serves. */
  readonly move: (state: State, metaInstance: MetaInstance) => string | undefined
  /** Why it cannot be placed, as a sentence; a machine's name at its start keeps its spelling. */
  readonly refusal: (state: State, error: Pick<PlacementError, 'coded' | 'reason' | 'details'>) => string
  /** The last failure, until it has recovered. */
  readonly failure: (metaInstance: Pick<MetaInstance, 'lastFailure' | 'lastFailureError'>) => string | undefined
  /** `Mac Studio and mini`: the machines that it is placed on. */
  readonly machines: (state: State, metaInstance: MetaInstance) => string
}

const MOMENT = { weekday: 'short', hour: 'numeric', minute: '2-digit' } as const

export const declarationLines = (translator: Translator): DeclarationLines => {
  const { language, text } = translator
  const instances = instanceLines(translator)
  const figures = figuresOf(translator)
  const times = timesOf(language)
  const placements = placementWords(translator)
  const say = codedRenderer(translator)
  const list = new Intl.ListFormat(language, { type: 'conjunction' })

  /** `Until Mon 9:00 AM`, in the reader's time zone. */
  const offHours = ({ schedule }: MetaInstance): string =>
    schedule?.until === undefined
      ? text('cards.outsideHours')
      : text('cards.until', { time: times(epochMs(schedule.until), MOMENT).replace(',', '') })

  /** `Pipeline over at least 2 machines`. */
  const strategy = ({ sharding, instanceMeta, minNodes }: MetaInstance): string =>
    text(instanceMeta === 'MlxJaccl' ? 'cards.strategyRdma' : 'cards.strategy', { sharding, count: minNodes })

  /** `Pipeline over at least 2 machines · looking for 142 GB`. */
  const placing = (metaInstance: MetaInstance, inputs: LineInputs): string => {
    const { nextAttemptAt } = metaInstance
    const seconds = nextAttemptAt === undefined ? 0 : Math.ceil((nextAttemptAt - inputs.now) / 1000)
    if (seconds > 0) return text('cards.nextTry', { seconds })
    const { card } = inputs
    const looks =
      card === undefined
        ? text('cards.lookingForMachines')
        : text('cards.lookingFor', { size: figures.bytes(neededBytes(card, metaInstance)) })
    return [strategy(metaInstance), looks].join(' · ')
  }

  const refusal: DeclarationLines['refusal'] = (state, error) => {
    const reason = placements.refusal(state, error)
    const isName = Object.values(state.members).some(({ friendlyName }) => reason.startsWith(friendlyName))
    return isName ? reason : sentence(reason)
  }

  const declaration: DeclarationLines['declaration'] = (state, metaInstance, inputs) => {
    if (metaInstance.paused) return text('cards.notInMemory')
    if (isOffHours(metaInstance)) return offHours(metaInstance)
    const instance = currentInstance(state, metaInstance.metaInstanceId)
    const { placementError } = metaInstance
    if (!instance) return placementError ? refusal(state, placementError) : placing(metaInstance, inputs)
    const { ready, wanted } = readyReplicas(state, metaInstance)
    const line = isReady(state, instance)
      ? instances.serving(state, wanted > 1 ? ready : [instance])
      : instances.starting(state, instance)
    return wanted > 1 ? text('cards.replicasReady', { ready: ready.length, wanted, line }) : line
  }

  const namesOf = (state: State, shards: Instance['shards']): string =>
    list.format(new Set(shards.map(({ nodeId }) => nodeName(state, nodeId))))

  const move: DeclarationLines['move'] = (state, metaInstance) => {
    const coming = comingReplacement(state, metaInstance)
    // Without one that serves, the coming one is what the line is about.
    if (!coming || coming === currentInstance(state, metaInstance.metaInstanceId)) return undefined
    const stays = (coming.replaces && state.instances[coming.replaces]?.shards) ?? []
    const isNew = coming.shards.some(({ nodeId }) => stays.every((shard) => shard.nodeId !== nodeId))
    const values = { machines: namesOf(state, coming.shards), how: instances.progress(state, coming) }
    return text(isNew ? 'cards.moving' : 'cards.replacing', values)
  }

  const failure: DeclarationLines['failure'] = ({ lastFailure, lastFailureError }) =>
    lastFailureError === undefined ? undefined : ((lastFailure && say(lastFailure)) ?? lastFailureError)

  const machines: DeclarationLines['machines'] = (state, metaInstance) => {
    const coming = comingReplacement(state, metaInstance)
    const there = instancesOf(state, metaInstance.metaInstanceId).filter((instance) => instance !== coming)
    return namesOf(
      state,
      (there.length > 0 ? there : [coming]).flatMap((instance) => instance?.shards ?? []),
    )
  }

  return { ...instances, declaration, move, refusal, failure, machines }
}
