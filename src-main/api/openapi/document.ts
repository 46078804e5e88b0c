import { z } from 'zod'
import { ControlError } from '@core/protocols/control'
import { dialectAt, type Dialect } from '../dialect'
import { AREAS } from './areas'
import type { Described } from './described'
import { componentSchemas, jsonOf } from './schemas'

/** The error format of each dialect. */
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

/** Descriptions of the error statuses; 529 is Anthropic's own. */
const MEANINGS = {
  400: 'The request is invalid, or not possible',
  401: 'An API key is required',
  403: 'Requests to this host, or from pages of this origin, are refused',
  404: 'The resource does not exist',
  409: 'The request conflicts with the current state',
  413: 'The body is too large',
  415: 'The body is not JSON, or its encoding is not supported',
  429: 'Rate limit of this key exceeded; see Retry-After',
  500: 'Internal error of this node',
  503: 'Temporarily unavailable; see Retry-After, if given',
  529: 'Too many requests are queued; see Retry-After',
} as const
type ErrorStatus = keyof typeof MEANINGS

const STATUSES: readonly ErrorStatus[] = [400, 401, 403, 404, 409, 413, 415, 429, 500, 503]
const statusesOf = (dialect: Dialect): readonly ErrorStatus[] =>
  dialect === 'anthropic' ? [...STATUSES, 529] : STATUSES

const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds to wait before a retry', schema: { type: 'integer', minimum: 0 } },
}

const RETRYABLE: ReadonlySet<ErrorStatus> = new Set<ErrorStatus>([429, 503, 529])

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

/**
 * `POST /meta_instance/{id}/restart` is `postMetaInstanceRestart`. `ById` is appended to a path that ends in a
 * parameter, to tell it from the path without.
 */
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
          ...(RETRYABLE.has(status) && { headers: RETRY_AFTER }),
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
