import { setImmediate as others } from 'node:timers/promises'
import type { Context } from 'hono'
import type { z } from 'zod'
import { invalid, Problem } from './problem'
import { wellFormedJson } from './well-formed'

/** Objects and lists within one another. Far more than a request needs, far less than any program's stack holds. */
const MAX_DEPTH = 200

/** From so many characters on each step of reading a body takes milliseconds: others' tokens go out between the steps. */
const LARGE = 256 * 1024

const isTooDeep = (value: unknown): boolean => {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return true
    level = level.flatMap((inner): unknown[] =>
      typeof inner === 'object' && inner !== null ? Object.values(inner) : [],
    )
  }
  return false
}

/** The body as JSON, with well-formed strings only. Throws Problem. */
export const jsonBody = async (c: Context): Promise<unknown> => {
  const text = await c.req.text()
  const large = text.length > LARGE
  if (large) await others()
  let body: unknown
  try {
    const wellFormed = wellFormedJson(text)
    if (large) await others()
    body = JSON.parse(wellFormed)
  } catch (error) {
    const where = error instanceof Error ? error.message : ''
    throw new Problem(400, 'invalid_json', `The body is not JSON: ${where}`)
  }
  if (isTooDeep(body))
    throw new Problem(400, 'invalid_json', `The body has more than ${MAX_DEPTH} objects and lists within one another`)
  if (large) await others()
  return body
}

const camel = (name: string): string => name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase())

/** Names of the first level from snake_case to camelCase; both spellings of one name are one too many. */
export const camelCased = (body: unknown): unknown => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const renamed: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(body)) {
    const key = camel(name)
    if (Object.hasOwn(renamed, key)) throw new Problem(400, 'invalid_request', `${key} is given twice`)
    renamed[key] = value
  }
  return renamed
}

/** The value as the schema has it. Throws Problem, which names each field that is wrong and what it should be. */
export const parseWith = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> => {
  const result = schema.safeParse(value, { reportInput: true })
  if (!result.success) throw invalid(result.error)
  return result.data
}
