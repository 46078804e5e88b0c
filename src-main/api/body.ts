import type { Context } from 'hono'
import type { z } from 'zod'
import { invalid, Problem } from './problem'

/** The body as JSON. Throws Problem. */
export const jsonBody = async (c: Context): Promise<unknown> => {
  const text = await c.req.text()
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    const where = error instanceof Error ? error.message : ''
    throw new Problem(400, 'invalid_json', `The body is not JSON: ${where}`)
  }
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
