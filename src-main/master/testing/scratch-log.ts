import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Decision, Envelope } from '@core/events/event'
import { MetaInstanceId, ModelId, NodeId } from '@core/ids'
import type { Directory } from '../../disk/directory'
import { systemDirectory } from '../../disk/system-directory'
import { EventLog } from '../log/event-log'
import type { NewRecord } from '../log/record'
import { firstSequenceOf } from '../log/segment'

/** The node that writes these logs. */
export const SELF = NodeId.parse('self')

/** A log in a temporary folder. For tests. */
export class ScratchLog {
  readonly directory = mkdtempSync(join(tmpdir(), 'muster-log-'))
  readonly folder: Directory
  readonly warnings: string[] = []

  /** @param wrap wraps the real disk, to make it fail */
  constructor(wrap: (real: Directory) => Directory = (real) => real) {
    this.folder = wrap(systemDirectory(this.directory))
  }

  open(options: { segmentBytes?: number } = {}): ReturnType<typeof EventLog.open> {
    return EventLog.open({
      directory: this.folder,
      self: SELF,
      warn: (message) => void this.warnings.push(message),
      ...options,
    })
  }

  /** Appends each record in its own batch, and closes the log. */
  async write(records: readonly NewRecord[], options: { segmentBytes?: number } = {}): Promise<void> {
    const { log } = this.open(options)
    for (const record of records) await log.append([record])
    await log.close()
  }

  /** Ids of the declarations on disk, in order. */
  async declared(): Promise<string[]> {
    const { log, state } = this.open()
    await log.close()
    return Object.keys(state.metaInstances)
  }

  /** Paths of the segments, oldest first. */
  segments(): string[] {
    return readdirSync(this.directory)
      .filter((name) => firstSequenceOf(name) !== undefined)
      .sort()
      .map((name) => join(this.directory, name))
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

export const declaration = (id: string): Decision => ({
  type: 'MetaInstanceCreated',
  metaInstance: {
    metaInstanceId: MetaInstanceId.parse(id),
    modelId: ModelId.parse('m/small'),
    sharding: 'Pipeline',
    instanceMeta: 'MlxRing',
    minNodes: 1,
    placementPreference: 'largest',
    paused: true,
    generation: 0,
    createdAt: 1000,
    consecutiveFailures: 0,
    replacements: 0,
  },
})

export const envelope = (index: number, event: Decision): Envelope => ({
  v: 1,
  index,
  term: 1,
  at: 1000 + index,
  event,
})

/** Declarations `d1` to `dN`. */
export const declarations = (count: number, from = 1): NewRecord[] =>
  names(count, from).map((id, at) => ({ kind: 'decision', envelope: envelope(from + at, declaration(id)) }))

export const names = (count: number, from = 1): string[] => Array.from({ length: count }, (_, at) => `d${from + at}`)
