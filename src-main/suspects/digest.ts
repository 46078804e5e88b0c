import { createHash } from 'node:crypto'
import type { GenerationRequest } from '@core/generation/request'

/**
 * Of all that a request asks, and not of the ids that it gets on its way. The same on every machine: the order of an
 * object's keys, which a link may change, does not count.
 */
export const digestOf = ({ taskId: _taskId, ...content }: GenerationRequest): string =>
  createHash('sha256').update(JSON.stringify(content, sorted)).digest('base64')

const sorted = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value
