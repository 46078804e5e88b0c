import { z } from 'zod'
import { CodedText, isNestedText } from '@core/texts/coded'
import { AREAS } from './areas'
import type { Named } from './described'

/**
 * Simplifies a tuple whose members have one type to a list of that length, which more programs understand than
 * `prefixItems`.
 */
const simplified = (schema: z.core.JSONSchema.BaseSchema): void => {
  const [first, ...others] = schema.prefixItems ?? []
  if (first === undefined || others.some((other) => JSON.stringify(other) !== JSON.stringify(first))) return
  delete schema.prefixItems
  schema.items = first
  schema.minItems = schema.maxItems = others.length + 1
}

const uri = (name: string): string => `#/components/schemas/${name}`

/** Schemas of request bodies, or of answers, by name. A named schema inside another one is referenced. */
const schemasOf = (named: readonly (Named | undefined)[], io: 'input' | 'output'): Readonly<Record<string, object>> => {
  const registry = z.registry<{ id: string }>()
  registry.add(CodedText, { id: 'CodedText' })
  for (const [id, schema] of named.flatMap((each) => Object.entries(each ?? {}))) registry.add(schema, { id })
  const { schemas } = z.toJSONSchema(registry, {
    io,
    uri,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      simplified(jsonSchema)
      if (!isNestedText(zodSchema)) return
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key]
      jsonSchema.$ref = uri('CodedText')
    },
  })
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $id: _id, $schema: _schema, ...schema }]) => [name, schema]),
  )
}

const ROUTES = AREAS.flatMap(({ routes }) => routes)

/** Everything under `#/components/schemas` except errors. */
export const componentSchemas = (): Readonly<Record<string, object>> => ({
  ...schemasOf(
    ROUTES.flatMap(({ answer, unavailable }) => [answer, unavailable]),
    'output',
  ),
  ...schemasOf(
    ROUTES.map(({ body }) => body),
    'input',
  ),
})

/** The content object of a body or answer with that schema. */
export const jsonOf = (named: Named | undefined): object => ({
  'application/json': { schema: Object.keys(named ?? {}).map((name) => ({ $ref: uri(name) }))[0] ?? {} },
})
