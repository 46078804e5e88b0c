import type { Envelope } from '@core/events/event'

/** What a decision about a declaration reads like. */
export const historyLine = ({ event }: Envelope): string => {
  switch (event.type) {
    case 'MetaInstanceCreated':
      return 'Declared'
    case 'MetaInstanceUpdated':
      return event.changes.paused === undefined ? 'Changed' : event.changes.paused ? 'Paused' : 'Resumed'
    case 'MetaInstancePlacementFailed':
      return `Can’t be placed: ${event.reason}`
    case 'MetaInstanceRecovered':
      return 'Recovered'
    case 'InstanceCreated':
      return 'Placed'
    case 'InstanceRetrying':
      return `Retried after: ${event.failureError}`
    case 'InstanceDeleted':
      return event.failureError === undefined ? 'Instance removed' : `Given up after: ${event.failureError}`
    default:
      return event.type
  }
}
