import { describe, expect, it } from 'vitest'
import { buildApp } from '../app'
import type { ApiContext } from '../context'
import { Access } from '../middleware/access'
import { AREAS } from './areas'
import { openApiDocument, operationIdOf } from './document'

/**
 * A stub for any context: every property and every call returns another stub, because routes destructure their context.
 */
const anything = (): unknown =>
  new Proxy(() => undefined, {
    get: (_, name) => (name === Symbol.toPrimitive ? () => '' : anything()),
    apply: anything,
  })

const app = buildApp(
  {
    context: anything() as ApiContext,
    staticDir: undefined,
    allowedHosts: [],
    allowedOrigins: [],
    log: { warn: () => undefined },
  },
  { access: new Access(() => ({ apiKeys: {} }) as never), open: true },
)

/** Routes without a description: pages, the description itself, and aliases. */
const ASIDE = [
  ...['GET /openapi.json', 'GET /docs', 'GET /sign-in'],
  ...['POST /chat/completions', 'POST /completions', 'POST /responses', 'POST /responses/input_tokens'],
  ...['GET /responses/{id}', 'GET /responses/{id}/input_items', 'DELETE /responses/{id}'],
  ...['POST /responses/{id}/cancel', 'POST /embeddings', 'POST /cancel/{id}'],
  ...['POST /messages', 'POST /messages/count_tokens'],
  // Routes of Ollama that are refused with an alternative.
  ...['POST /api/copy', 'POST /api/create', 'POST /api/push'],
  // An alias of /api/embed.
  'POST /api/embeddings',
]

const described = AREAS.flatMap(({ routes }) => routes)
const nameOf = ({ method, path }: { method: string; path: string }): string => `${method.toUpperCase()} ${path}`

describe('the OpenAPI document', () => {
  it('describes every route of the API, and none that is not there', () => {
    const routes = app.routes
      .filter(({ method, path }) => method !== 'ALL' && !path.endsWith('*'))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^/]*\})?/g, '{$1}')}`)
    const known = described.map(nameOf)
    expect([...new Set(routes)].filter((name) => !ASIDE.includes(name)).sort()).toEqual(known.sort())
  })

  it('names each operation once, and refers to nothing that it has not', () => {
    const ids = described.map(operationIdOf)
    expect(ids.filter((id, place) => ids.indexOf(id) !== place)).toEqual([])
    const document = openApiDocument('0')
    const text = JSON.stringify(document)
    for (const [, reference = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = reference.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document)
      expect(found, reference).toBeTypeOf('object')
    }
  })
})
