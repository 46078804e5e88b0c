import type { Context } from 'hono'
import type { z } from 'zod'
import { jsonBody, parseWith } from '../body'
import type { ApiEnv } from '../env'

/** A header may not be longer than common servers and proxies take. */
const MAX_NAMES_LENGTH = 1000

/**
 * The body of a request of a dialect. Clients send fields that their own service knows: those that the schema lacks
 * are ignored, and named in the header `x-muster-ignored-fields` of the answer. Throws Problem.
 */
export const dialectBody = async <Shape extends z.ZodRawShape>(
  c: Context<ApiEnv>,
  schema: z.ZodObject<Shape>,
): Promise<z.infer<z.ZodObject<Shape>>> => {
  const body = await jsonBody(c)
  const parsed = parseWith(schema, body)
  const ignored = Object.keys(body as object).filter((name) => !Object.hasOwn(schema.shape, name))
  if (ignored.length > 0) {
    const names = ignored
      .map((name) => encodeURIComponent(name))
      .join(', ')
      .slice(0, MAX_NAMES_LENGTH)
    c.set('ignoredFields', names)
    c.header('x-muster-ignored-fields', names)
  }
  return parsed
}
