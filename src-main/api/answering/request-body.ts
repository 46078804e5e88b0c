import type { Context } from 'hono'
import type { z } from 'zod'
import { jsonBody, parseWith, yieldIfLarge } from '../body'
import type { ApiEnv } from '../env'
import { nestedIgnored } from './nested-ignored'
import { checkSize } from './request-size'

/** Header length limit: common servers and proxies accept no more. */
const MAX_NAMES_LENGTH = 1000

/**
 * Body fields that some clients put into the query string, where they have no effect. Other query parameters are not
 * checked.
 */
const QUERY: readonly string[] = ['stream', 'model']

/** Adds names of ignored request fields to the response header `x-muster-ignored-fields`. */
export const nameIgnored = (c: Context<ApiEnv>, fields: readonly string[]): void => {
  if (fields.length === 0) return
  const before = c.get('ignoredFields')
  const names = [...(before === undefined ? [] : [before]), ...fields.map((name) => encodeURIComponent(name))]
  const header = names.join(', ').slice(0, MAX_NAMES_LENGTH)
  c.set('ignoredFields', header)
  c.header('x-muster-ignored-fields', header)
}

/**
 * Not reported as ignored: fields of earlier answers that come back in the conversation, the `index` of list entries, and Anthropic's
 * `cache_control`, because prefixes are cached anyway.
 */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  ...['id', 'type', 'index', 'status', 'annotations', 'logprobs', 'encrypted_content'],
  ...['cache_control', 'citations', 'signature', 'caller'],
])

/**
 * Parses the request body of a dialect. Fields that the schema lacks and parameters in the query string are ignored and
 * listed in the response header `x-muster-ignored-fields`. Throws Problem.
 */
export const dialectBody = async <Shape extends z.ZodRawShape>(
  c: Context<ApiEnv>,
  schema: z.ZodObject<Shape>,
): Promise<z.infer<z.ZodObject<Shape>>> => {
  const body = await jsonBody(c, checkSize)
  const parsed = parseWith(schema, body)
  await yieldIfLarge(c)
  nameIgnored(c, [
    ...Object.keys(body as object).filter((name) => !Object.hasOwn(schema.shape, name)),
    ...nestedIgnored(body, parsed, UNDERSTOOD),
    ...QUERY.filter((name) => c.req.query(name) !== undefined).map((name) => `?${name}`),
  ])
  await yieldIfLarge(c)
  return parsed
}
