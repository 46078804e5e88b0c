import type { MetaInstanceStatusWord } from '@core/state/status'
import { currentInstance, instancesOf, isReady, nodeName } from '@core/state/bindings'
import type { Instance } from '@core/state/instances'
import type { MetaInstance } from '@core/state/meta-instances'
import { readyReplicas } from '@core/state/replicas'
import { isOffHours } from '@core/state/scheduling'
import type { State } from '@core/state/state'
import { statusOf, type MetaInstanceStatus } from '@core/state/status'
import type { LineInputs } from '@core/status-lines/declaration-lines'
import { progressOf } from '@core/status-lines/progress'
import { speedsOf } from '@core/status-lines/requests'
import type { NodeId, RunnerId } from '@core/ids'
import { shortName } from '../../state/text'
import { statusLines, t } from '../../state/texts.svelte'
import { failureOf, type Failing } from './failure'

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
export interface CardView extends Failing {
  readonly word: string
  readonly tone: Tone
  /** One line about the current state. */
  readonly line: string
  /** Where it is moving to, and how far. */
  readonly move: string | undefined
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

const machinesOf = (state: State, { shards, claims }: Instance): MachineChip[] =>
  shards.map(({ nodeId, runnerId }) => ({
    nodeId,
    runnerId,
    name: nodeName(state, nodeId),
    status: statusLines().stage(state.runners[runnerId]),
    bytes: claims[nodeId],
  }))

/** Builds the view of a declaration. */
export const cardOf = (state: State, metaInstance: MetaInstance, inputs: LineInputs): CardView => {
  const { word: machineWord, status } = statusOf(state, metaInstance)
  const { lastFailureError, placementError, metaInstanceId, paused } = metaInstance
  const rests = paused || isOffHours(metaInstance)
  const instance = rests ? undefined : currentInstance(state, metaInstanceId)
  const [word, tone] = wordAndTone(machineWord, status, {
    afterFailure: lastFailureError !== undefined,
    downloadFails: instance !== undefined && statusLines().downloadFailures(state, instance).length > 0,
  })
  const ready = instance !== undefined && isReady(state, instance)
  const { ready: serving, wanted } = readyReplicas(state, metaInstance)
  const instances = rests ? [] : wanted > 1 ? instancesOf(state, metaInstanceId) : instance ? [instance] : []
  return {
    machineWord,
    word,
    tone,
    line: statusLines().declaration(state, metaInstance, inputs),
    move: rests ? undefined : statusLines().move(state, metaInstance),
    failure: failureOf(metaInstance),
    refusal: placementError?.code,
    missing:
      wanted > instances.length && instance
        ? placementError && statusLines().refusal(state, placementError)
        : undefined,
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
    return { word: t('cards.word.ready'), tone: 'ready', line: statusLines().serving(state, [instance]) }
  const failed = instance.shards.some(({ runnerId }) => state.runners[runnerId]?.status === 'Failed')
  return failed
    ? { word: t('cards.word.failed'), tone: 'failed', line: t('cards.looseFailed') }
    : { word: t('cards.word.loading'), tone: 'working', line: statusLines().starting(state, instance) }
}
