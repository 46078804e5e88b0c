import { html, raw } from 'hono/html'
import { AREAS } from './areas'
import { MODEL, type Described } from './described'

/** Placeholder in examples if the node has no model. */
const ANY_MODEL = 'mlx-community/Qwen3-0.6B-4bit'

export interface DocsPage {
  readonly version: string
  /** This node's address, without a path. */
  readonly url: string
  /** A model that can be requested. */
  readonly model: string | undefined
}

/** Quotes text for a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** The curl command that sends a route's example; undefined if the route has none and needs an id or a body. */
const curlOf = (
  { method, path, body, query, media, example }: Described,
  { url, model = ANY_MODEL }: Pick<DocsPage, 'url' | 'model'>,
): string | undefined => {
  const needs = path.includes('{') || body !== undefined
  if (example === undefined && (needs || method !== 'get' || media === 'text/event-stream')) return undefined
  const text = (value: string): string => value.replaceAll(MODEL, model)
  const search = example?.query === undefined ? '' : `?${text(example.query)}`
  const target = query === undefined || search === '' ? `${url}${path}` : `${url}${path}${search}`
  const verb =
    method === 'get' || (method === 'post' && example?.body !== undefined) ? '' : `-X ${method.toUpperCase()} `
  const sent =
    example?.body === undefined
      ? ''
      : ` -H 'Content-Type: application/json' -d ${quoted(text(JSON.stringify(example.body)))}`
  return `curl -s ${verb}${quoted(target)}${sent}`
}

const styles = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
article { border-top: 1px solid #8884; padding: .6rem 0 }
p { margin: .2rem 0 }
pre { overflow-x: auto; padding: .6rem; background: #8881; border-radius: 6px; user-select: all }
`

/** Content security policy: the page may only show itself. */
export const DOCS_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

const article = (route: Described, page: DocsPage) => {
  const curl = curlOf(route, page)
  return html`<article>
    <code><b>${route.method.toUpperCase()}</b> ${route.path}</code>
    <p>${route.does}</p>
    ${curl === undefined ? '' : html`<pre>${curl}</pre>`}
  </article>`
}

/** A page of all routes, with a command for each that can be run as it is. */
export const docsPage = (page: DocsPage) =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>Muster API ${page.version}</title>
        <style>
          ${raw(styles)}
        </style>
      </head>
      <body>
        <h1>Muster API ${page.version}</h1>
        <p>
          The full description is in <a href="/openapi.json">/openapi.json</a>; clients can be made from it. Where the
          node is open to the network, commands need <code>-H 'Authorization: Bearer KEY'</code>.
        </p>
        ${AREAS.map(
          ({ tag, routes }) =>
            html`<h2>${tag}</h2>
              ${routes.map((route) => article(route, page))}`,
        )}
      </body>
    </html>`
