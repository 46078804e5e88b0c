import { z } from 'zod'
import { ControlError } from '@core/protocols/control'
import { dialectAt, type Dialect } from '../dialect'
import { AREAS } from './areas'
import type { Described } from './described'
import { componentSchemas, jsonOf } from './schemas'

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

const parameters = ({ path, query = [] }: Described) => [
  ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  })),
  ...query.map((name) => ({ name, in: 'query', schema: { type: 'string' } })),
]

const contentOf = ({ answer, media, streamed }: Described): object => ({
  ...(media === undefined ? jsonOf(answer) : { [media]: {} }),
  ...(streamed !== undefined && { [streamed]: {} }),
})

const componentOf = (dialect: Dialect, status: ErrorStatus): string => `${dialect}-${status}`

const errorsOf = ({ path, unavailable }: Described): Record<string, object> => {
  const dialect = dialectAt(path)
  return {
    ...Object.fromEntries(
      statusesOf(dialect).map((status) => [status, { $ref: `#/components/responses/${componentOf(dialect, status)}` }]),
    ),
    ...(unavailable && { 503: { description: MEANINGS[503], content: jsonOf(unavailable) } }),
  }
}

/** `POST /meta_instance/{id}/restart` is `postMetaInstanceRestart`: with `ById` where a parameter is all that tells two apart. */
export const operationIdOf = ({ method, path }: Pick<Described, 'method' | 'path'>): string => {
  const words = path
    .split(/[/_.\-{}]+/)
    .filter((word) => word !== '' && word !== 'id')
    .map((word) => word[0]?.toUpperCase() + word.slice(1))
  return `${method}${words.join('')}${path.endsWith('{id}') ? 'ById' : ''}`
}

const operation = (tag: string, route: Described) => ({
  operationId: operationIdOf(route),
  tags: [tag],
  summary: route.does,
  parameters: parameters(route),
  ...(route.body && { requestBody: { required: true, content: jsonOf(route.body) } }),
  responses: {
    ...Object.fromEntries(
      (route.statuses ?? [200]).map((status) => [status, { description: 'Done', content: contentOf(route) }]),
    ),
    ...errorsOf(route),
  },
})

const errorResponses = (): Readonly<Record<string, object>> =>
  Object.fromEntries(
    (Object.keys(ERRORS) as Dialect[]).flatMap((dialect) =>
      statusesOf(dialect).map((status) => [
        componentOf(dialect, status),
        {
          description: MEANINGS[status],
          ...(COMES_BACK.has(status) && { headers: RETRY_AFTER }),
          content: { 'application/json': { schema: { $ref: `#/components/schemas/${dialect}-error` } } },
        },
      ]),
    ),
  )

const components = (): object => {
  const errors = Object.entries(ERRORS).map(([dialect, schema]) => [
    `${dialect}-error`,
    z.toJSONSchema(schema, { io: 'output' }),
  ])
  return { schemas: { ...componentSchemas(), ...Object.fromEntries(errors) }, responses: errorResponses() }
}

/** The OpenAPI document of this API. */
export const openApiDocument = (version: string): object => {
  const paths: Record<string, Record<string, object>> = {}
  for (const { tag, routes } of AREAS)
    for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operation(tag, route) }
  const info = { title: 'Muster', version, license: { name: 'Apache-2.0' } }
  return { openapi: '3.1.0', info, tags: AREAS.map(({ tag }) => ({ name: tag })), paths, components: components() }
}
