import { z } from 'zod'

/** Entries of a record between two steps. */
const ENTRIES = 50

/** Checks and transformations of a whole are not made by its parts. */
const isPlain = (schema: z.ZodType): boolean => (schema.def.checks ?? []).length === 0

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function* stepsOf(schema: z.ZodType, value: unknown): Generator<undefined, unknown> {
  yield
  if (!isObject(value) || !isPlain(schema)) return schema.parse(value)
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const { discriminator, options } = schema.def
    const option = (options as z.ZodObject[]).find(
      ({ shape }) => shape[discriminator]?.safeParse(value[discriminator]).success,
    )
    return option ? yield* stepsOf(option, value) : schema.parse(value)
  }
  if (schema instanceof z.ZodRecord) {
    const entries = Object.entries(value)
    const parsed: [string, unknown][] = []
    for (let from = 0; from < entries.length; from += ENTRIES) {
      parsed.push(...Object.entries(schema.parse(Object.fromEntries(entries.slice(from, from + ENTRIES))) as object))
      yield
    }
    return Object.fromEntries(parsed)
  }
  if (schema instanceof z.ZodObject && schema.def.catchall === undefined) {
    const parsed: [string, unknown][] = []
    for (const [key, field] of Object.entries(schema.shape)) {
      const part = yield* stepsOf(field as z.ZodType, value[key])
      if (part !== undefined || key in value) parsed.push([key, part])
    }
    return Object.fromEntries(parsed)
  }
  return schema.parse(value)
}

/**
 * `schema.parse(value)` in steps, between which a window can draw and answer to input. The steps are the entries of
 * records within objects; what is neither is parsed as a whole. Throws what zod throws.
 */
export const parseInSteps = <Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): Generator<undefined, z.output<Schema>> => stepsOf(schema, value) as Generator<undefined, z.output<Schema>>
