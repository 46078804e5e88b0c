import type { Route } from '@core/generation/route'
import type { GenerationUpdate } from '@core/generation/stream'
import type { MetaInstance } from '@core/state/meta-instances'
import { offHoursText } from '@core/state/scheduling'
import { elapsed, wallTime } from '@core/time/clocks'

export type Failed = Extract<GenerationUpdate, { type: 'failed' }>

export const failed = (code: Failed['code'], message: string): Failed => ({ type: 'failed', code, message })

/** Upper bound for `Retry-After`: a user may change the hours before then. */
const LONGEST_RETRY_S = 86_400

/** Seconds until the declaration's next hours by this machine's clock, as `Retry-After`. */
const untilHours = ({ schedule }: MetaInstance): { readonly retryAfter?: number } => {
  if (schedule?.until === undefined) return {}
  return {
    retryAfter: Math.min(LONGEST_RETRY_S, Math.max(1, Math.ceil(elapsed(wallTime(Date.now()), schedule.until) / 1000))),
  }
}

/**
 * Refuses a request during a restart. `Retry-After` brings clients back when the node is up again with its models still
 * in memory.
 */
export const RESTARTING: Failed = {
  type: 'failed',
  code: 'overloaded',
  message: 'Muster is restarting on this machine; its models stay in memory. Try again in a moment',
  retryAfter: 2,
}

/** Explains why a request cannot be routed to the model, and what to do about it. */
export const notServed = (model: string, route: Exclude<Route, { kind: 'ready' }>): Failed => {
  switch (route.kind) {
    case 'unknown':
      return failed(
        'model_not_found',
        `No instance of "${model}" is declared. Declare one in the app, or with: POST /meta_instance {"modelId": "${model}"}`,
      )
    case 'paused':
      return failed(
        'model_unavailable',
        `"${model}" is paused. Resume it in the app, or with: PATCH /meta_instance/{id} {"paused": false}`,
      )
    case 'off':
      return {
        ...failed(
          'model_unavailable',
          `"${model}" is outside its hours, ${offHoursText(route.metaInstance)}. Change them in the app, or with: PATCH /meta_instance/{id} {"hours": null}`,
        ),
        ...untilHours(route.metaInstance),
      }
    case 'refused':
      return failed('model_unavailable', `"${model}" cannot be loaded now: ${route.reason}`)
    case 'full':
      return failed('overloaded', `Too many requests are queued for "${model}" already`)
    case 'wait':
      return failed('model_unavailable', `"${model}" is not ready yet: ${route.reason}`)
  }
}
