import { neededBytes } from '@core/placement/memory'
import type { ModelCard } from '@core/placement/model-card'
import type { MetaInstanceStatusWord } from '@core/state/status'
import { currentInstance, instancesOf, isReady, nodeName } from '@core/state/bindings'
import type { Instance } from '@core/state/instances'
import type { MetaInstance, PlacementError } from '@core/state/meta-instances'
import { readyReplicas } from '@core/state/replicas'
import { isOffHours } from '@core/state/scheduling'
import type { State } from '@core/state/state'
import { statusOf, type MetaInstanceStatus } from '@core/state/status'
import type { NodeId, RunnerId } from '@core/ids'
import { bytesText, percentText, sentence, shortName } from '../../state/text'
import { placementFormats, t } from '../../state/texts.svelte'
import { failureOf, type Failure } from './failure'
import { downloadFailures, downloadLine, loadingLine, progressOf, stageText } from './progress'
import { offHoursLine } from './hours'
import { servingLine, speedsOf } from './serving'

export type Tone = 'ready' | 'working' | 'waiting' | 'retrying' | 'failed'

/** A machine of an instance, shown as a chip. */
export interface MachineChip {
  readonly nodeId: NodeId
  readonly runnerId: RunnerId
  readonly name: string
  readonly status: string
  readonly bytes: number | undefined
}

/** View model of a declaration's card. */
export interface CardView {
  readonly machineWord: MetaInstanceStatusWord
  readonly word: string
  readonly tone: Tone
  /** One line about the current state. */
  readonly line: string
  /** The last failure, until it has recovered. */
  readonly failure: Failure | undefined
  /** Error code of a failed placement. */
  readonly refusal: string | undefined
  /** Why there are fewer replicas than wanted. */
  readonly missing: string | undefined
  /** From 0 to 1 while loading. */
  readonly progress: number | undefined
  readonly instance: Instance | undefined
  readonly machines: readonly MachineChip[]
  /** Tokens per second of recent requests, oldest first. */
  readonly speeds: readonly number[]
  /** Time since when it is ready. */
  readonly readySince: number | undefined
}

interface Trouble {
  /** The previous instance failed. */
  readonly afterFailure: boolean
  /** A download failed and is being retried. */
  readonly downloadFails: boolean
}

const wordAndTone = (
  machineWord: MetaInstanceStatusWord,
  status: string,
  { afterFailure, downloadFails }: Trouble,
): [string, Tone] => {
  switch (machineWord) {
    case 'PAUSED':
      return [t('cards.word.paused'), 'waiting']
    case 'OFF_HOURS':
      return [t('cards.word.offHours'), 'waiting']
    case 'PLACEMENT_FAILED':
      return [t('cards.word.cannotPlace'), 'waiting']
    case 'PLACING':
      return afterFailure ? [t('cards.word.placingAgain'), 'retrying'] : [t('cards.word.placing'), 'waiting']
    case 'DOWNLOADING':
      return downloadFails ? [t('cards.word.retryingDownload'), 'retrying'] : [t('cards.word.downloading'), 'working']
    case 'CONNECTING':
    case 'LOADING':
    case 'WARMING_UP':
      return [t('cards.word.loading'), 'working']
    case 'RETRYING':
      return [t('cards.word.retrying', { attempt: status.slice(status.indexOf('(')) }), 'retrying']
    case 'READY':
    case 'RUNNING':
      return [t('cards.word.ready'), 'ready']
  }
}

/** The card's status word. */
export const cardWord = ({ lastFailureError }: MetaInstance, { word, status }: MetaInstanceStatus): string =>
  wordAndTone(word, status, { afterFailure: lastFailureError !== undefined, downloadFails: false })[0]

/** `Pipeline over at least 2 machines`. */
const strategyText = ({ sharding, instanceMeta, minNodes }: MetaInstance): string =>
  t(instanceMeta === 'MlxJaccl' ? 'cards.strategyRdma' : 'cards.strategy', { sharding, count: minNodes })

/** `Pipeline over at least 2 machines · looking for 142 GB`. */
const placingLine = (metaInstance: MetaInstance, inputs: CardInputs): string => {
  const { nextAttemptAt } = metaInstance
  const { card } = inputs
  const wait = nextAttemptAt === undefined ? 0 : Math.ceil((nextAttemptAt - inputs.now) / 1000)
  if (wait > 0) return t('cards.nextTry', { seconds: wait })
  const looks =
    card === undefined
      ? t('cards.lookingForMachines')
      : t('cards.lookingFor', { size: bytesText(neededBytes(card, metaInstance)) })
  return [strategyText(metaInstance), looks].join(' · ')
}

/** The reason as a sentence; a machine's name at its start keeps its spelling. */
export const reasonText = (state: State, error: Pick<PlacementError, 'coded' | 'reason' | 'details'>): string => {
  const text = placementFormats().refusal(state, error)
  return Object.values(state.members).some(({ friendlyName }) => text.startsWith(friendlyName)) ? text : sentence(text)
}

/** With more machines, the line gives a total and each chip its own progress. */
const NAMED = 3

const startingLine = (state: State, instance: Instance): string => {
  const downloading = instance.shards.some(({ runnerId }) => state.runners[runnerId]?.status === 'Downloading')
  const download = downloading ? downloadLine(state, instance) : undefined
  if (download !== undefined) return download
  const machines = instance.shards.length
  if (machines <= NAMED) return loadingLine(state, instance)
  const progress = progressOf(state, instance)
  return progress === 0
    ? t('cards.startingOn', { count: machines })
    : t('cards.loadingOn', { count: machines, part: percentText(Math.floor(100 * progress) / 100) })
}

const machinesOf = (state: State, { shards, claims }: Instance): MachineChip[] =>
  shards.map(({ nodeId, runnerId }) => ({
    nodeId,
    runnerId,
    name: nodeName(state, nodeId),
    status: stageText(state.runners[runnerId]),
    bytes: claims[nodeId],
  }))

export interface CardInputs {
  /** Read only where the view depends on the time: a reactive reader is not called again each second. */
  readonly now: number
  /** The model's card, if the catalogue has it. */
  readonly card?: ModelCard | undefined
}

/** Builds the view of a declaration. */
export const cardOf = (state: State, metaInstance: MetaInstance, inputs: CardInputs): CardView => {
  const { word: machineWord, status } = statusOf(state, metaInstance)
  const { lastFailureError, placementError, metaInstanceId, paused } = metaInstance
  const rests = paused || isOffHours(metaInstance)
  const instance = rests ? undefined : currentInstance(state, metaInstanceId)
  const [word, tone] = wordAndTone(machineWord, status, {
    afterFailure: lastFailureError !== undefined,
    downloadFails: instance !== undefined && downloadFailures(state, instance).length > 0,
  })
  const ready = instance !== undefined && isReady(state, instance)
  const { ready: serving, wanted } = readyReplicas(state, metaInstance)
  const instances = rests ? [] : wanted > 1 ? instancesOf(state, metaInstanceId) : instance ? [instance] : []
  const line = ((): string => {
    if (paused) return t('cards.notInMemory')
    if (rests) return offHoursLine(metaInstance)
    if (!instance) return placementError ? reasonText(state, placementError) : placingLine(metaInstance, inputs)
    const alone = ready ? servingLine(state, wanted > 1 ? serving : [instance]) : startingLine(state, instance)
    return wanted > 1 ? t('cards.replicasReady', { ready: serving.length, wanted, line: alone }) : alone
  })()
  return {
    machineWord,
    word,
    tone,
    line,
    failure: failureOf(metaInstance),
    refusal: placementError?.code,
    missing: wanted > instances.length && instance ? placementError && reasonText(state, placementError) : undefined,
    progress: instance && !ready ? progressOf(state, instance) : undefined,
    instance,
    machines: instances.flatMap((one) => machinesOf(state, one)),
    speeds: ready ? speedsOf(state, wanted > 1 ? serving : [instance]) : [],
    readySince: ready ? instance.readySince : undefined,
  }
}

/** A declaration's display name. */
export const declaredName = ({ name, modelId }: Pick<MetaInstance, 'name' | 'modelId'>): string =>
  name ?? shortName(modelId)

/** Ids of models with a permanent declaration. */
export const keptModels = (state: State): ReadonlySet<string> =>
  new Set(Object.values(state.metaInstances).flatMap(({ modelId, onRequest }) => (onRequest ? [] : modelId)))

/** Instances without a declaration. */
export const looseInstances = (state: State): Instance[] =>
  Object.values(state.instances).filter(({ metaInstanceId }) => metaInstanceId === undefined)

/** Status word and line of an instance without a declaration. */
export const looseView = (state: State, instance: Instance): { word: string; tone: Tone; line: string } => {
  if (isReady(state, instance))
    return { word: t('cards.word.ready'), tone: 'ready', line: servingLine(state, [instance]) }
  const failed = instance.shards.some(({ runnerId }) => state.runners[runnerId]?.status === 'Failed')
  return failed
    ? { word: t('cards.word.failed'), tone: 'failed', line: t('cards.looseFailed') }
    : { word: t('cards.word.loading'), tone: 'working', line: startingLine(state, instance) }
}
