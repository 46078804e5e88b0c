/**
 * `node otlp-collector-process.mjs ADDRESS`: a collector of OTLP over HTTP, in JSON. Prints its URL, then every span it
 * receives as a line of JSON, with the resource's attributes as `resource`.
 */
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

/** @param {{ key: string, value: Record<string, unknown> }[]} attributes */
const record = (attributes) => Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

const server = createServer(async (request, response) => {
  const isExport = request.method === 'POST' && request.url === '/v1/traces'
  const isJson = request.headers['content-type'] === 'application/json'
  if (!isExport || !isJson) return void response.writeHead(isExport ? 415 : 404).end()
  const { resourceSpans } = JSON.parse(await text(request))
  for (const { resource, scopeSpans } of resourceSpans)
    for (const { spans } of scopeSpans)
      for (const span of spans) {
        const told = { ...span, attributes: record(span.attributes), resource: record(resource.attributes) }
        process.stdout.write(`${JSON.stringify(told)}\n`)
      }
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"partialSuccess":{}}')
})
server.listen(0, process.argv[2], () => {
  const address = server.address()
  if (typeof address === 'object') process.stdout.write(`http://${process.argv[2]}:${address?.port}\n`)
})
