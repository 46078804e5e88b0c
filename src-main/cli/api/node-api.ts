import type { IncomingMessage } from 'node:http'
import type { ZodType } from 'zod'
import { DEFAULT_PORT } from '@core/settings/ports'
import { version } from '../../version'
import { CommandError, UNREACHABLE, WRONG_USE } from '../exit-codes'
import { refusal } from './refusal'
import { bodyText, send } from './transport'

export interface NodeApiOptions {
  /** As given by the user; `http://` is optional. */
  readonly url?: string | undefined
  readonly key?: string | undefined
  /** Called every few seconds with what a pending request waits for; with undefined when it no longer waits. */
  readonly onWaiting?: (text: string | undefined) => void
}

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly body?: object
  /** Timeout in milliseconds; `Infinity`: none. */
  readonly withinMs?: number
  readonly signal?: AbortSignal
  /** Name to show while waiting for the answer; default: the node. */
  readonly waitingFor?: string
}

const WITHIN_MS = 30_000
const REPORT_WAITING_MS = 2000

/** Normalises an address for `new URL`. Throws CommandError if it is invalid. */
const baseOf = (given: string): string => {
  const text = /^[a-z]+:\/\//i.test(given) ? given : `http://${given}`
  try {
    const { protocol } = new URL(text)
    if (protocol === 'http:' || protocol === 'https:') return text.endsWith('/') ? text : `${text}/`
  } catch {
    // Reported below.
  }
  throw new CommandError(`${given} is not the address of a node`, {
    hint: `Expected an address such as http://127.0.0.1:${DEFAULT_PORT}.`,
    exitCode: WRONG_USE,
  })
}

/** A signal that aborts with the given one, or after the timeout, until the request is `over`. */
const limited = (signal: AbortSignal | undefined, withinMs: number, over: AbortSignal): AbortSignal => {
  const both = new AbortController()
  const limits = Number.isFinite(withinMs) ? [AbortSignal.timeout(withinMs)] : []
  for (const one of [...limits, ...(signal ? [signal] : [])]) {
    if (one.aborted) both.abort(one.reason)
    one.addEventListener('abort', () => both.abort(one.reason), { once: true, signal: over })
  }
  return both.signal
}

/** Client of a node's HTTP API. Every failure is a CommandError that says what to do. */
export class NodeApi {
  private readonly base: string

  constructor(private readonly options: NodeApiOptions) {
    this.base = baseOf(options.url || process.env['MUSTER_URL'] || `127.0.0.1:${DEFAULT_PORT}`)
  }

  /** The node's address without a trailing slash. */
  get address(): string {
    return this.base.replace(/\/$/, '')
  }

  /** Throws CommandError for a key that cannot be sent. */
  get key(): string | undefined {
    // A key that was read from a file may end with a line break.
    const key = (this.options.key || process.env['MUSTER_API_KEY'])?.trim()
    if (!key) return undefined
    if (/^[\x21-\x7e]+$/.test(key)) return key
    throw new CommandError('The API key has a character that no key has', {
      hint: 'Check --key or MUSTER_API_KEY.',
      exitCode: WRONG_USE,
    })
  }

  /** Sends a request and validates the answer. */
  async ask<Answer>(path: string, schema: ZodType<Answer>, request: Request = {}): Promise<Answer> {
    const { data, error } = schema.safeParse(this.parsed(await this.text(path, request)))
    if (error === undefined) return data
    throw new CommandError('The node sent an answer in an unknown format', {
      hint: 'Use the `muster` of the same version as the node.',
      cause: error,
    })
  }

  /** Sends a request whose answer has no content of interest. */
  async tell(path: string, request: Request = {}): Promise<void> {
    await this.text(path, request)
  }

  /** Sends a request and returns the body as text. */
  async text(path: string, request: Request = {}): Promise<string> {
    const answer = await this.open(path, request)
    try {
      return await bodyText(answer)
    } catch (error) {
      throw request.signal?.aborted ? error : this.unreachable(error)
    }
  }

  /** Sends a request and returns the response once its headers arrive. */
  async open(
    path: string,
    { method = 'GET', body, withinMs = WITHIN_MS, signal, waitingFor }: Request,
  ): Promise<IncomingMessage> {
    const { key } = this
    const over = new AbortController()
    const stopReporting = this.reportWhileWaiting(waitingFor ?? `the node at ${this.address}`)
    let answer: IncomingMessage
    try {
      answer = await send({
        url: new URL(path.replace(/^\//, ''), this.base),
        method,
        headers: {
          'user-agent': `muster/${version}`,
          ...(method !== 'GET' && { 'content-type': 'application/json' }),
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
        },
        body: body && JSON.stringify(body),
        signal: limited(signal, withinMs, over.signal),
      })
    } catch (error) {
      over.abort()
      throw signal?.aborted ? error : this.unreachable(error)
    } finally {
      stopReporting()
    }
    answer.once('close', () => over.abort())
    const { statusCode: status = 0 } = answer
    if (status >= 200 && status < 300) return answer
    const text = await bodyText(answer).catch((error: unknown) => {
      throw this.unreachable(error)
    })
    throw refusal(status, this.parsed(text))
  }

  private parsed(text: string): unknown {
    try {
      return JSON.parse(text)
    } catch (cause) {
      // A node answers in JSON, including errors. Anything else comes from a proxy or another program.
      throw new CommandError(`The server at ${this.address} is not a Muster node`, {
        hint: 'Check --url or MUSTER_URL.',
        exitCode: UNREACHABLE,
        cause,
      })
    }
  }

  private unreachable(cause: unknown): CommandError {
    const reason = cause instanceof Error && 'cause' in cause ? cause.cause : cause
    if (reason instanceof DOMException && reason.name === 'TimeoutError')
      return new CommandError(`The node at ${this.address} did not answer in time`, {
        hint: 'Check whether that machine is overloaded.',
        exitCode: UNREACHABLE,
        cause,
      })
    return new CommandError(`No node answers at ${this.address}`, {
      hint: 'Start Muster there (the app, or `muster serve`), or name another node with --url or MUSTER_URL.',
      exitCode: UNREACHABLE,
      cause,
    })
  }

  private reportWhileWaiting(who: string): () => void {
    const { onWaiting } = this.options
    if (!onWaiting) return () => {}
    let hasReported = false
    const timer = setInterval(() => {
      hasReported = true
      onWaiting(`Waiting for ${who} to answer …`)
    }, REPORT_WAITING_MS)
    return () => {
      clearInterval(timer)
      if (hasReported) onWaiting(undefined)
    }
  }
}
