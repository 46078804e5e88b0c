import type { DescribedError } from './described-error'

/** Errors of generation. */
export const GENERATION_ERRORS = {
  context_length_exceeded: {
    statuses: [400],
    cause: 'The prompt is longer than the context that the model was declared with',
    remedy: 'Shorten the conversation, or raise `maxContext` of the declaration',
  },
  unsupported: {
    statuses: [400],
    cause: 'The model, or a machine that it runs on, does not support a part of the request',
    remedy: 'Leave that part out, or use another model; the message names it',
  },
  ended_runners: {
    statuses: [400],
    cause: 'Runners died each time they worked on this request, so it is not run again for ten minutes',
    remedy: 'Change the request; `muster console` shows the last output of the runner',
  },
  model_not_found: {
    statuses: [404],
    cause: 'No declaration has that name, and no model that can be loaded on request has that id',
    remedy: '`GET /v1/models` lists the models; `muster run MODEL` declares one',
  },
  too_many_requests: {
    statuses: [429],
    cause: 'Too many requests of this key are queued for the model',
    remedy: 'Wait as long as `Retry-After` says, or send fewer requests at once',
  },
  model_unavailable: {
    statuses: [503],
    cause:
      'The model is declared but does not serve yet: it is being placed, downloaded or loaded, or there is no room',
    remedy: 'Retry after `Retry-After`; `muster ps` shows what it waits for',
  },
  runner_failed: {
    statuses: [503],
    cause: 'The process that ran the model ended in the middle of the answer',
    remedy: 'Send the request again; the model is reloaded automatically',
  },
  overloaded: {
    statuses: [503],
    cause: 'Too many requests are queued on all instances of the model; clients of Anthropic get status 529',
    remedy: 'Wait as long as `Retry-After` says, or run the model on more machines',
  },
} as const satisfies Readonly<Record<string, DescribedError>>
