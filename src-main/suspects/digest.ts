import { createHash } from 'node:crypto'
import type { GenerationRequest } from '@core/generation/request'

/**
 * Digest of a request's content, without ids that differ between attempts. Equal on every machine: object keys are
 * sorted, because a link may change their order.
 */
export const digestOf = ({ taskId: _taskId, ...content }: GenerationRequest): string =>
  createHash('sha256').update(JSON.stringify(content, sorted)).digest('base64')

const sorted = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value
