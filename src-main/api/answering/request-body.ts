import type { Context } from 'hono'
import type { z } from 'zod'
import { jsonBody, parseWith } from '../body'
import type { ApiEnv } from '../env'
import { nestedIgnored } from './nested-ignored'
import { checkSize } from './request-size'

/** A header may not be longer than common servers and proxies take. */
const MAX_NAMES_LENGTH = 1000

/** Fields of a body that some put into the address, where they mean nothing. Others' programs have their own there. */
const QUERY: readonly string[] = ['stream', 'model']

/** Names fields of a request that were ignored in the header `x-muster-ignored-fields` of the answer, beside earlier ones. */
export const nameIgnored = (c: Context<ApiEnv>, fields: readonly string[]): void => {
  if (fields.length === 0) return
  const before = c.get('ignoredFields')
  const names = [...(before === undefined ? [] : [before]), ...fields.map((name) => encodeURIComponent(name))]
  const header = names.join(', ').slice(0, MAX_NAMES_LENGTH)
  c.set('ignoredFields', header)
  c.header('x-muster-ignored-fields', header)
}

/**
 * Of what an answer held and comes back with the conversation, of a list's places, and of Anthropic's caching: prefixes
 * are cached without being told to.
 */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  ...['id', 'type', 'index', 'status', 'annotations', 'logprobs', 'encrypted_content'],
  ...['cache_control', 'citations', 'signature', 'caller'],
])

/**
 * The body of a request of a dialect. Clients send fields that their own service knows: those that the schema lacks,
 * and parameters in the address, are ignored and named in the header `x-muster-ignored-fields` of the answer. Throws
 * Problem.
 */
export const dialectBody = async <Shape extends z.ZodRawShape>(
  c: Context<ApiEnv>,
  schema: z.ZodObject<Shape>,
): Promise<z.infer<z.ZodObject<Shape>>> => {
  const body = await jsonBody(c, checkSize)
  const parsed = parseWith(schema, body)
  nameIgnored(c, [
    ...Object.keys(body as object).filter((name) => !Object.hasOwn(schema.shape, name)),
    ...nestedIgnored(body, parsed, UNDERSTOOD),
    ...QUERY.filter((name) => c.req.query(name) !== undefined).map((name) => `?${name}`),
  ])
  return parsed
}
