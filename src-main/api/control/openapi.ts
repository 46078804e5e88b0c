import { Hono } from 'hono'
import { z } from 'zod'
import { ControlError } from '@core/protocols/control'
import { dialectAt, type Dialect } from '../dialect'
import { ROUTES, type Described } from './openapi-routes'

/** Errors in the words of each dialect. */
const ERRORS: Readonly<Record<Dialect, z.ZodType>> = {
  control: ControlError,
  openai: z.object({
    error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() }),
  }),
  anthropic: z.object({
    type: z.literal('error'),
    error: z.object({ type: z.string(), message: z.string() }),
    request_id: z.string(),
  }),
  ollama: z.object({ error: z.string() }),
}

/** What each status means here; 529 is Anthropic's own. */
const MEANINGS = {
  400: 'The request is not understood, or asks for what cannot be done',
  401: 'A key is needed',
  403: 'Requests to this host, or from pages of this origin, are not taken',
  404: 'What is asked for is not there',
  409: 'It contradicts what is there',
  413: 'The body is too large',
  415: 'The body is not JSON, or its encoding is not known',
  429: 'Too many requests of this key; when to come back is said',
  500: 'A fault of this node',
  503: 'Not now; when to come back is said where it is known',
  529: 'Too many requests wait; when to come back is said',
} as const
type ErrorStatus = keyof typeof MEANINGS

const STATUSES: readonly ErrorStatus[] = [400, 401, 403, 404, 409, 413, 415, 429, 500, 503]
const statusesOf = (dialect: Dialect): readonly ErrorStatus[] =>
  dialect === 'anthropic' ? [...STATUSES, 529] : STATUSES

const RETRY_AFTER = { 'Retry-After': { description: 'In so many seconds', schema: { type: 'integer', minimum: 0 } } }

const COMES_BACK: ReadonlySet<ErrorStatus> = new Set<ErrorStatus>([429, 503, 529])

/** A tuple of like members as a list of that length, which more programs understand than `prefixItems`. */
const simplified = (schema: z.core.JSONSchema.BaseSchema): void => {
  const [first, ...others] = schema.prefixItems ?? []
  if (first === undefined || others.some((other) => JSON.stringify(other) !== JSON.stringify(first))) return
  delete schema.prefixItems
  schema.items = first
  schema.minItems = schema.maxItems = others.length + 1
}

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): object =>
  z.toJSONSchema(schema, { io, unrepresentable: 'any', override: ({ jsonSchema }) => simplified(jsonSchema) })

const json = (schema: z.ZodType, io: 'input' | 'output') => ({ 'application/json': { schema: jsonSchema(schema, io) } })

const parameters = ({ path, query = [] }: Described) => [
  ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  })),
  ...query.map((name) => ({ name, in: 'query', schema: { type: 'string' } })),
]

const contentOf = ({ answer = z.unknown(), media, streamed }: Described): object => ({
  ...(media === undefined ? json(answer, 'output') : { [media]: {} }),
  ...(streamed !== undefined && { [streamed]: {} }),
})

const componentOf = (dialect: Dialect, status: ErrorStatus): string => `${dialect}-${status}`

const errorsOf = ({ path, unavailable }: Described): Record<string, object> => {
  const dialect = dialectAt(path)
  return {
    ...Object.fromEntries(
      statusesOf(dialect).map((status) => [status, { $ref: `#/components/responses/${componentOf(dialect, status)}` }]),
    ),
    ...(unavailable && { 503: { description: MEANINGS[503], content: json(unavailable, 'output') } }),
  }
}

const operation = (route: Described) => ({
  summary: route.does,
  parameters: parameters(route),
  ...(route.body && { requestBody: { required: true, content: json(route.body, 'input') } }),
  responses: {
    ...Object.fromEntries(
      (route.statuses ?? [200]).map((status) => [status, { description: 'Done', content: contentOf(route) }]),
    ),
    ...errorsOf(route),
  },
})

const components = (): object => {
  const dialects = Object.entries(ERRORS) as [Dialect, z.ZodType][]
  return {
    schemas: Object.fromEntries(
      dialects.map(([dialect, schema]) => [`${dialect}-error`, jsonSchema(schema, 'output')]),
    ),
    responses: Object.fromEntries(
      dialects.flatMap(([dialect]) =>
        statusesOf(dialect).map((status) => [
          componentOf(dialect, status),
          {
            description: MEANINGS[status],
            ...(COMES_BACK.has(status) && { headers: RETRY_AFTER }),
            content: { 'application/json': { schema: { $ref: `#/components/schemas/${dialect}-error` } } },
          },
        ]),
      ),
    ),
  }
}

/** The OpenAPI document of this API. */
export const openApiDocument = (version: string): object => {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of ROUTES) paths[route.path] = { ...paths[route.path], [route.method]: operation(route) }
  const info = { title: 'Muster', version, license: { name: 'Apache-2.0' } }
  return { openapi: '3.1.0', info, paths, components: components() }
}

const page = (version: string): string => {
  const rows = ROUTES.map(
    ({ method, path, does }) =>
      `<tr><td><code>${method.toUpperCase()}</code></td><td><code>${path}</code></td><td>${does}</td></tr>`,
  )
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Muster API ${version}</title><h1>Muster API ${version}</h1><p>The full description is in <a href="/openapi.json">/openapi.json</a>.</p><table>${rows.join('')}</table></html>`
}

export const openApiRoutes = (version: string): Hono => {
  const routes = new Hono()
  routes.get('/openapi.json', (c) => c.json(openApiDocument(version)))
  routes.get('/docs', (c) => c.html(page(version)))
  return routes
}
