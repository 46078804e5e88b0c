import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Envelope } from '@core/events/event'
import { isAfter } from '@core/events/envelope-order'
import { failureOf, HistoryDay, HistoryEvent, withDecision } from '@core/events/history-event'
import type { LogRecord } from '@core/events/record'
import { InstanceId, MetaInstanceId } from '@core/ids'
import type { Directory } from '../../disk/directory'
import { recordsAfter } from './log-reader'

/** Events kept per declaration. Consecutive failures with the same cause are one entry (`history-event.ts`). */
const MOST_EVENTS = 500
/** Days before those events kept per declaration, as one summary each. */
const MOST_DAYS = 1000
/** Declarations, including deleted ones, whose history is kept. */
const MOST_FILES = 500

/** A declaration's decisions that compaction removed from the log: the latest ones, and a summary of each earlier day. */
const Past = z.object({
  v: z.literal(1),
  metaInstanceId: MetaInstanceId,
  days: z.array(HistoryDay),
  events: z.array(HistoryEvent),
  /** Its instances that had not been deleted by then. Later records name only the instance. */
  instances: z.array(InstanceId),
})
type Past = z.infer<typeof Past>

const FOLDER = 'history'
const folderOf = (directory: Directory): Directory => directory.below(FOLDER)
/** Hashed, because an id may contain characters that a file name must not. */
const fileOf = (id: string): string => `${createHash('sha256').update(id).digest('hex').slice(0, 32)}.json`

const readPast = (directory: Directory, id: MetaInstanceId): Past => {
  try {
    return Past.parse(JSON.parse(folderOf(directory).readSync(fileOf(id)).toString('utf8')))
  } catch {
    // No record of it was compacted yet, or the file is damaged: losing history is acceptable.
    return { v: 1, metaInstanceId: id, days: [], events: [], instances: [] }
  }
}

/** Adds an event to the summary of its day, with its number of repetitions. */
const withDay = (days: readonly HistoryDay[], envelope: HistoryEvent): HistoryDay[] => {
  const times = envelope.repeated?.times ?? 1
  const day = new Date(envelope.at).toISOString().slice(0, 10)
  const last = days.at(-1)
  const same = last?.day === day ? last : { day, events: 0, failures: 0 }
  const reason = failureOf(envelope.event)
  const more: HistoryDay = {
    ...same,
    events: same.events + times,
    failures: same.failures + (reason === undefined ? 0 : times),
    ...(reason !== undefined && { reason: reason.slice(0, 500) }),
  }
  return [...(last === same ? days.slice(0, -1) : days), more].slice(-MOST_DAYS)
}

/** The declaration that a decision is about. `owners` maps instances to declarations, and is updated here. */
const subjectOf = ({ event }: Envelope, owners: Map<string, MetaInstanceId>): MetaInstanceId | undefined => {
  switch (event.type) {
    case 'MetaInstanceCreated':
      return event.metaInstance.metaInstanceId
    case 'InstanceCreated': {
      const { instanceId, metaInstanceId } = event.instance
      if (metaInstanceId !== undefined) owners.set(instanceId, metaInstanceId)
      return metaInstanceId
    }
    case 'InstanceDeleted':
    case 'InstanceRetrying':
      return owners.get(event.instanceId)
    default:
      return 'metaInstanceId' in event ? event.metaInstanceId : undefined
  }
}

const withEvent = (past: Past, envelope: Envelope): Past => {
  const { event } = envelope
  const events = [...withDecision(past.events, envelope)]
  const [first] = events
  const isFull = events.length > MOST_EVENTS && first !== undefined
  return {
    ...past,
    events: isFull ? events.slice(1) : events,
    days: isFull ? withDay(past.days, first) : past.days,
    instances:
      event.type === 'InstanceCreated'
        ? [...past.instances, event.instance.instanceId]
        : past.instances.filter((id) => event.type !== 'InstanceDeleted' || id !== event.instanceId),
  }
}

const knownPasts = (directory: Directory): Past[] =>
  folderOf(directory)
    .names()
    .flatMap((name) => {
      try {
        return Past.parse(JSON.parse(folderOf(directory).readSync(name).toString('utf8')))
      } catch {
        return []
      }
    })

/**
 * Writes the history of declarations from records that compaction is about to remove. Call it before removing them.
 * Rejects with the disk's errors.
 */
export const saveHistory = async (directory: Directory, records: AsyncIterable<LogRecord>): Promise<void> => {
  const folder = folderOf(directory)
  folder.make()
  const pasts = new Map<MetaInstanceId, Past>()
  const owners = new Map<string, MetaInstanceId>()
  for (const past of knownPasts(directory)) for (const id of past.instances) owners.set(id, past.metaInstanceId)
  for await (const record of records) {
    const envelope = record.kind === 'decision' ? record.envelope : undefined
    const id = envelope && subjectOf(envelope, owners)
    if (envelope && id !== undefined) pasts.set(id, withEvent(pasts.get(id) ?? readPast(directory, id), envelope))
  }
  const latest = [...pasts].sort(([, a], [, b]) => (b.events.at(-1)?.at ?? 0) - (a.events.at(-1)?.at ?? 0))
  for (const [id, past] of latest.slice(0, MOST_FILES)) await folder.replace(fileOf(id), JSON.stringify(past))
  const newestFirst = folder
    .names()
    .map((name) => ({ name, at: folder.modifiedAt(name) }))
    .sort((a, b) => b.at - a.at)
  for (const { name } of newestFirst.slice(MOST_FILES)) folder.remove(name)
}

export interface History {
  /** The latest decisions, oldest first. */
  readonly events: readonly HistoryEvent[]
  /** Summaries of the days before them, oldest first. */
  readonly days: readonly HistoryDay[]
}

/** Returns a declaration's decisions: those saved at compaction, then those in the log. Rejects with the disk's errors. */
export const historyOf = async (directory: Directory, id: MetaInstanceId): Promise<History> => {
  let past = readPast(directory, id)
  const owners = new Map(past.instances.map((instanceId) => [instanceId as string, id]))
  const newest = past.events.at(-1)
  // A record about it names it, or one of its instances.
  const names = (payload: Buffer): boolean =>
    [id, ...past.instances].some((name) => payload.includes(JSON.stringify(name)))
  for await (const { kind, ...record } of recordsAfter(directory, 0, names)) {
    if (kind !== 'decision' || !('envelope' in record)) continue
    const { envelope } = record
    // After a crash during compaction the log may still hold records whose history is saved already.
    const isKept = newest !== undefined && !isAfter(envelope, newest)
    if (subjectOf(envelope, owners) === id && !isKept) past = withEvent(past, envelope)
  }
  const { events, days } = past
  return { events, days }
}
