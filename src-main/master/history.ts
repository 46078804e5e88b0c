import type { Envelope } from '@core/events/event'
import type { MetaInstanceId } from '@core/ids'
import { recordsAfter } from './log-reader'

/** A declaration that fails for days has a long story; its end is what people read. */
const MOST_EVENTS = 500

/** Whether a decision is about this declaration; `instances` collects the instances that were made for it. */
const concerns = ({ event }: Envelope, id: MetaInstanceId, instances: Set<string>): boolean => {
  switch (event.type) {
    case 'MetaInstanceCreated':
      return event.metaInstance.metaInstanceId === id
    case 'InstanceCreated':
      if (event.instance.metaInstanceId !== id) return false
      instances.add(event.instance.instanceId)
      return true
    case 'InstanceDeleted':
    case 'InstanceRetrying':
      return instances.has(event.instanceId)
    default:
      return 'metaInstanceId' in event && event.metaInstanceId === id
  }
}

/** Reads a declaration's decisions from the log, oldest first: no segment is ever removed. */
export const historyOf = async (directory: string, id: MetaInstanceId): Promise<readonly Envelope[]> => {
  const found: Envelope[] = []
  const instances = new Set<string>()
  for await (const record of recordsAfter(directory, 0))
    if (record.kind === 'decision' && concerns(record.envelope, id, instances)) found.push(record.envelope)
  return found.slice(-MOST_EVENTS)
}
