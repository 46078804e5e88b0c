import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { RequestError } from '@hono/node-server'
import type { ErrorCode } from '@core/errors/error-codes'

interface Refusal {
  readonly status: string
  readonly code: ErrorCode
  readonly message: string
  /** Further header lines. */
  readonly headers?: string
}

/** Errors of Node's HTTP parser for requests that never reach a route. */
const refusalOf = (code: string | undefined): Refusal => {
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

/** How long a client has to close a connection whose last answer it has; Node closes those it hands over never. */
const LAST_READ_MS = 5000

/** Sends a refusal as the last answer of a connection. */
const refuse = (socket: Duplex, { status, code, message, headers = '' }: Refusal): void => {
  const text = body(code, message)
  const head = `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\n${headers}`
  socket.end(`${head}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
}

/** Node gives a tunnel's connection away, with neither limits nor listeners, and closes it if nobody takes it. */
const refuseTunnel = (socket: Duplex): void => {
  const limit = setTimeout(() => socket.destroy(), LAST_READ_MS)
  socket.once('close', () => clearTimeout(limit))
  socket.once('end', () => socket.destroy())
  // A client that resets the connection has its answer, or does not want it.
  socket.on('error', () => undefined)
  // What is sent into the tunnel goes unread: bytes that lie there when the connection closes would reset it.
  socket.resume()
  refuse(socket, {
    status: '405 Method Not Allowed',
    code: 'method_not_allowed',
    message: 'This node is no proxy and opens no tunnels; send requests for this node itself',
    headers: 'allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n',
  })
}

/**
 * Answers unparsable requests, and those for a tunnel (CONNECT), with an explained error, like all other refusals, and
 * closes the connection. Never writes into a response in progress: of requests sent without waiting for answers
 * (pipelining) each counts.
 */
export const answerUnreadable = (server: Pick<Server, 'on'>): void => {
  const answers = new WeakMap<Duplex, Set<ServerResponse>>()
  const isAnswering = (socket: Duplex): boolean =>
    [...(answers.get(socket) ?? [])].some((answer) => answer.headersSent && !answer.writableFinished)
  server.on('request', ({ socket }: IncomingMessage, answer: ServerResponse) => {
    const open = answers.get(socket) ?? new Set()
    answers.set(socket, open.add(answer))
    answer.once('close', () => open.delete(answer))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!socket.writable || isAnswering(socket) || error.code === 'ECONNRESET') socket.destroy()
    else refuse(socket, refusalOf(error.code))
  })
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    // Whoever waits for an answer before it would take the refusal for that.
    if ((answers.get(socket)?.size ?? 0) > 0) socket.destroy()
    else refuseTunnel(socket)
  })
}
