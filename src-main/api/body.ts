import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Context } from 'hono'
import type { z } from 'zod'
import { scanJson } from './json-scan'
import { invalid, Problem } from './problem'
import { withSentNames } from './sent-names'
import { wellFormedSteps } from './well-formed'

/** Size in characters above which the event loop is yielded between the steps of handling a body. */
const LARGE = 256 * 1024

/**
 * Yields the event loop, so that other clients' streams continue, if the body is so large that each step of handling it
 * takes milliseconds.
 */
export const yieldIfLarge = async (c: Context): Promise<void> => {
  // Read once; Hono caches it.
  const { length } = await c.req.text()
  if (length > LARGE) await nextTurn()
}

/** Runs a generator to its end, yielding the event loop between its steps. */
const runYielding = async <Result>(steps: Generator<undefined, Result>): Promise<Result> => {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    await nextTurn()
  }
}

/**
 * Parses the body as JSON with well-formed strings only. Throws Problem.
 *
 * @param check throws if the body is refused, before it is validated
 */
export const jsonBody = async (c: Context, check?: (body: unknown) => void): Promise<unknown> => {
  const text = await c.req.text()
  await yieldIfLarge(c)
  await runYielding(scanJson(text))
  await yieldIfLarge(c)
  const wellFormed = await runYielding(wellFormedSteps(text))
  await yieldIfLarge(c)
  let body: unknown
  try {
    body = JSON.parse(wellFormed)
  } catch (error) {
    const where = error instanceof Error ? error.message : ''
    throw new Problem(400, 'invalid_json', `The body is not JSON: ${where}`)
  }
  await yieldIfLarge(c)
  check?.(body)
  return body
}

const camel = (name: string): string => name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase())

/** Fields whose value is an object of named fields, or a list of them. Other objects have names of the caller's own. */
const NESTED: ReadonlySet<string> = new Set(['documents', 'hours', 'limits', 'onRequest'])

/**
 * Converts the names of a control route's fields from snake_case to camelCase; a field given in both spellings is
 * refused.
 */
export const camelCased = (body: unknown): unknown => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const renamed: Record<string, unknown> = {}
  const sent = new Map<string, string>()
  for (const [name, value] of Object.entries(body)) {
    const key = camel(name)
    if (Object.hasOwn(renamed, key)) throw new Problem(400, 'invalid_request', `${key} occurs twice`)
    if (name !== key) sent.set(key, name)
    renamed[key] = NESTED.has(key) ? (Array.isArray(value) ? value.map(camelCased) : camelCased(value)) : value
  }
  return sent.size > 0 ? withSentNames(renamed, sent) : renamed
}

/** Validates a value. Throws Problem that names each invalid field and what it should be. */
export const parseWith = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> => {
  const result = schema.safeParse(value, { reportInput: true })
  if (!result.success) throw invalid(result.error, value)
  return result.data
}
