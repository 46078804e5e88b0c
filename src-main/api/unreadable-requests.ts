import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { RequestError } from '@hono/node-server'
import type { ErrorCode } from '@core/errors/error-codes'

/** Errors of Node's HTTP parser for requests that never reach a route. */
const refusalOf = (code: string | undefined): { status: string; code: ErrorCode; message: string } => {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        status: '431 Request Header Fields Too Large',
        code: 'headers_too_large',
        message: 'The headers of the request are over 16 KiB; send fewer or shorter ones, cookies for example',
      }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        status: '408 Request Timeout',
        code: 'too_slow',
        message: 'The request did not arrive in time',
      }
    default:
      return {
        status: '400 Bad Request',
        code: 'invalid_http',
        message: 'This is not a valid HTTP/1.1 request; check its request line, headers and lengths',
      }
  }
}

const body = (code: ErrorCode, message: string): string => JSON.stringify({ error: { code, message } })

/** The adapter's message for a request that names no host. */
const NO_HOST = 'Missing host header'

const whyNoRequest = ({ message }: RequestError): string =>
  message === NO_HOST
    ? 'The request has no Host header, which HTTP/1.1 requires; send the host and the port of this address'
    : 'The host and the path of the request do not form a valid URL'

/** The response if Node received bytes that do not form a request for Hono. */
export const answerNoRequest = (error: unknown): Response => {
  const foreign = error instanceof RequestError
  const text = foreign ? body('invalid_http', whyNoRequest(error)) : body('internal', 'This node failed to answer')
  return new Response(text, { status: foreign ? 400 : 500, headers: { 'content-type': 'application/json' } })
}

/**
 * Answers unparsable requests with an explained error, like all other refusals, and closes the connection. Never writes
 * into a response in progress: of requests sent without waiting for answers (pipelining) each counts.
 */
export const answerUnreadable = (server: Pick<Server, 'on'>): void => {
  const answers = new WeakMap<Duplex, Set<ServerResponse>>()
  server.on('request', ({ socket }: IncomingMessage, answer: ServerResponse) => {
    const open = answers.get(socket) ?? new Set()
    answers.set(socket, open.add(answer))
    answer.once('close', () => open.delete(answer))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const underWay = [...(answers.get(socket) ?? [])].some((answer) => answer.headersSent && !answer.writableFinished)
    if (!socket.writable || underWay || error.code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    const { status, code, message } = refusalOf(error.code)
    const text = body(code, message)
    const head = `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\n`
    socket.end(`${head}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  })
}
