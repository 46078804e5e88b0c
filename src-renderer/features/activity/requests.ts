import type { NodeId } from '@core/ids'
import type { RequestRecord } from '@core/protocols/activity'
import type { State } from '@core/state/state'
import { isLive, type Task } from '@core/state/tasks'
import type { GlyphTone } from '../../components/glyph-tone'
import type { NotedRequest } from '../../state/request-log.svelte'
import { failureText, formats, t } from '../../state/texts.svelte'
import { declaredName } from '../cluster/card'

/** One phase of a request. */
export interface TimePart {
  readonly name: 'waited' | 'prompt' | 'wrote'
  readonly milliseconds: number
  /** Start and length as fractions of the total time. */
  readonly from: number
  readonly share: number
}

type Outcome = RequestRecord['outcome']

/** A request as the list shows it. */
export interface RequestView {
  readonly id: string
  readonly model: string
  /** Name of its API key, if it had one. */
  readonly key: string | undefined
  readonly outcome: Outcome
  readonly tone: GlyphTone
  readonly startedAt: number
  readonly promptTokens: number | undefined
  readonly cachedTokens: number | undefined
  readonly completionTokens: number | undefined
  readonly tokensPerSecond: number | undefined
  /** Its phases; empty if only another machine knows them. */
  readonly parts: readonly TimePart[]
  readonly error: string | undefined
}

const TONES: Readonly<Record<Outcome, GlyphTone>> = {
  done: 'ready',
  cut: 'ready',
  cancelled: 'offline',
  failed: 'failed',
}

const partsOf = ({ waitedMs, promptMs, writingMs }: RequestRecord): readonly TimePart[] => {
  const all = [
    { name: 'waited', milliseconds: waitedMs },
    { name: 'prompt', milliseconds: promptMs },
    { name: 'wrote', milliseconds: writingMs },
  ] as const
  const whole = waitedMs + (promptMs ?? 0) + (writingMs ?? 0) || 1
  let from = 0
  return all.flatMap(({ name, milliseconds }): TimePart[] => {
    if (milliseconds === undefined) return []
    const part = { name, milliseconds, from, share: milliseconds / whole }
    from += part.share
    return [part]
  })
}

/** Excludes the first token, whose time includes prefill. */
const speedOf = ({ completionTokens = 0, writingMs = 0 }: RequestRecord): number | undefined =>
  completionTokens > 1 && writingMs > 0 ? (1000 * (completionTokens - 1)) / writingMs : undefined

const ofRecord = (record: RequestRecord, nameOf: (model: string) => string): RequestView => {
  const { id, key, outcome, startedAt, promptTokens, cachedTokens, completionTokens, code, error } = record
  const tokensPerSecond = speedOf(record)
  return {
    ...{
      id,
      model: nameOf(record.model),
      key,
      outcome,
      tone: TONES[outcome],
      startedAt,
      promptTokens,
      cachedTokens,
      completionTokens,
      tokensPerSecond,
      error: error && failureText(code, error),
    },
    parts: partsOf(record),
  }
}

const outcomeOf = ({ status }: Task): Outcome => {
  switch (status) {
    case 'Complete':
      return 'done'
    case 'Failed':
      return 'failed'
    case 'Cancelled':
    case 'Pending':
    case 'Running':
      return 'cancelled'
  }
}

const ofTask = ({ task, model }: NotedRequest): RequestView => {
  const outcome = outcomeOf(task)
  return {
    id: task.taskId,
    model,
    key: undefined,
    outcome,
    tone: TONES[outcome],
    startedAt: task.createdAt,
    promptTokens: task.promptTokens,
    cachedTokens: undefined,
    completionTokens: task.completionTokens,
    tokensPerSecond: task.tokensPerSecond,
    parts: [],
    error: task.error && failureText(task.code, task.error),
  }
}

/** Maps the id of a declaration to its name; any other model is shown as the client wrote it. */
export const namesOfAsked = ({ metaInstances }: Pick<State, 'metaInstances'>): ((model: string) => string) => {
  const names = new Map<string, string>(
    Object.values(metaInstances).map((metaInstance) => [metaInstance.metaInstanceId, declaredName(metaInstance)]),
  )
  return (model) => names.get(model) ?? model
}

interface RequestSources {
  readonly noted: readonly NotedRequest[]
  readonly self: NodeId | undefined
  /** Display name of the requested model: a declaration's id becomes its name. */
  readonly nameOf: (model: string) => string
}

/** Ended requests, newest first: those kept by this node, and those that this window saw on other machines. */
export const requestsIn = (
  kept: readonly RequestRecord[],
  { noted, self, nameOf }: RequestSources,
): readonly RequestView[] =>
  [
    ...kept.map((record) => ofRecord(record, nameOf)),
    ...noted.filter(({ task }) => !isLive(task) && task.takenBy !== self && task.takenBy !== undefined).map(ofTask),
  ].sort((a, b) => b.startedAt - a.startedAt)

/** Requests whose model, key, outcome or reason contains all words. */
export const matchingRequests = (requests: readonly RequestView[], search: string): readonly RequestView[] => {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return requests.filter(({ model, key = '', outcome, error = '' }) => {
    const text = `${model} ${key} ${t(`activity.outcome.${outcome}`)} ${error}`.toLowerCase()
    return words.every((one) => text.includes(one))
  })
}

const secondsText = (milliseconds: number): string =>
  t('figures.seconds', { value: formats().number(milliseconds / 1000, milliseconds < 10_000 ? 2 : 0) })

/** `waited 0.02 s · prompt 0.50 s · wrote 1.20 s`. */
export const partsText = (parts: readonly TimePart[]): string =>
  parts.map(({ name, milliseconds }) => t(`activity.part.${name}`, { time: secondsText(milliseconds) })).join(' · ')
