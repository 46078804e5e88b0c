import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import type { ApiEnv } from './env'
import { answerNoRequest, answerUnreadable } from './unreadable-requests'

const KEEP_ALIVE_MS = 90_000

/** How long requests that arrived before the port closed may take to be answered. */
const LAST_ANSWERS_MS = 500

export type Fetch = Hono<ApiEnv>['fetch']

/** The port cannot be bound; the hint says what to do. */
export class ListenError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'ListenError'
  }
}

export interface Listening {
  readonly url: string
  /** Closes the port and ends event streams. Requests without any response yet are answered first. */
  close(): Promise<void>
}

/** Tracks a server's connections, so that closing it does not reset a request that has just arrived. */
const closing = (server: Server): (() => Promise<void>) => {
  const answers = new Map<Socket, ServerResponse | undefined>()
  server.on('connection', (socket: Socket) => {
    answers.set(socket, undefined)
    socket.once('close', () => answers.delete(socket))
  })
  server.on('request', (request, answer) => {
    answers.set(request.socket, answer)
    answer.once('close', () => {
      if (answers.has(request.socket)) answers.set(request.socket, undefined)
      // Once the port is closed, an idle keep-alive connection would only delay the end.
      if (!server.listening) server.closeIdleConnections()
    })
  })
  return async () => {
    // Accept the connections in the system's backlog first: closing the port would reset them.
    await new Promise(setImmediate)
    await new Promise<void>((resolve) => {
      // Not by `closeAllConnections`, which leaves out those that Node has handed over (`refuseTunnel`).
      const limit = setTimeout(() => {
        for (const socket of answers.keys()) socket.destroy()
      }, LAST_ANSWERS_MS)
      server.close(() => {
        clearTimeout(limit)
        resolve()
      })
      // Let pending writes be sent first. Event streams never end on their own, so their connections are closed.
      setImmediate(() => {
        for (const [socket, answer] of answers) if (answer?.headersSent && !answer.writableEnded) socket.destroy()
      })
    })
  }
}

/**
 * Node tells only the answer that is being sent when its client disconnects. This also tells those that wait behind it,
 * to requests sent without waiting for answers (pipelining): they would be computed and kept for nobody.
 */
const closeWaitingAnswers = (server: Server): void => {
  const answers = new WeakMap<Socket, Set<ServerResponse>>()
  server.on('connection', (socket: Socket) => {
    const open = new Set<ServerResponse>()
    answers.set(socket, open)
    socket.once('close', () => {
      for (const answer of [...open].filter((one) => one.socket === null && !one.writableFinished)) {
        answer.destroy()
        answer.emit('close')
      }
    })
  })
  server.on('request', ({ socket }, answer) => {
    answers.get(socket)?.add(answer)
    answer.once('close', () => answers.get(socket)?.delete(answer))
  })
}

const remedy = (code: string | undefined, option: string): string => {
  switch (code) {
    case 'EADDRINUSE':
      return `Quit that program, or choose another port with ${option}.`
    case 'EACCES':
      return `This user may not use that port: choose one above 1023 with ${option}.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return 'Give an address of this machine with --host or MUSTER_HOST: 127.0.0.1 for this machine only, 0.0.0.0 for all of its networks.'
    default:
      return `Choose another port with ${option}, or another address with --host or MUSTER_HOST.`
  }
}

export interface ListenOptions {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  /** The setting that changes the port. */
  readonly option: string
  readonly log: { warn(fields: object, message: string): void }
}

/** Binds the port. Throws ListenError. */
export const listen = async (fetch: Fetch, { host, port, option, log }: ListenOptions): Promise<Listening> => {
  const listener = getRequestListener(fetch, { errorHandler: answerNoRequest })
  const options = {
    // Longer than clients keep idle connections (75 s): closing one just as a request arrives would fail that request.
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Node refuses such requests with an empty answer; `answerNoRequest` explains.
    requireHostHeader: false,
  }
  const server = createServer(options, (request, answer) => void listener(request, answer))
  // Node refuses expectations other than `100-continue` with an empty answer; a server may ignore them (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request, answer) => void server.emit('request', request, answer))
  answerUnreadable(server)
  closeWaitingAnswers(server)
  const close = closing(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      const message = taken
        ? `Port ${port} of ${host} is in use by another program`
        : `Cannot listen on port ${port} of ${host} (${cause.code ?? cause.message})`
      reject(new ListenError(taken ? 'port_in_use' : 'cannot_listen', message, remedy(cause.code, option), { cause }))
    })
    server.listen(port, host, resolve)
  })
  // A connection that cannot be accepted, such as while no file descriptor is free, costs that connection only.
  server.on('error', (err) => log.warn({ err }, 'a connection could not be accepted'))
  const { port: actual } = server.address() as AddressInfo
  const name = host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? '127.0.0.1' : host
  return { url: `http://${name}:${actual}`, close }
}
