import type { IncomingMessage } from 'node:http'
import type { ZodType } from 'zod'
import { DEFAULT_PORT } from '@core/settings/ports'
import { version } from '../../version'
import { CommandError, UNREACHABLE, WRONG_USE } from '../exit-codes'
import { refusal } from './refusal'
import { bodyText, send } from './transport'

export interface NodeApiOptions {
  /** As a person gives it; `http://` may be left away. */
  readonly url?: string | undefined
  readonly key?: string | undefined
  /** Told every few seconds what a request waits for that has no answer yet; undefined when it waits no more. */
  readonly onWaiting?: (text: string | undefined) => void
}

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly body?: object
  /** Milliseconds until it is given up; `Infinity` waits as long as the connection lives. */
  readonly withinMs?: number
  readonly signal?: AbortSignal
}

const WITHIN_MS = 30_000
const SAY_AFTER_MS = 2000

/** The address as `new URL` takes it. Throws CommandError. */
const baseOf = (given: string): string => {
  const text = /^[a-z]+:\/\//i.test(given) ? given : `http://${given}`
  try {
    const { protocol } = new URL(text)
    if (protocol === 'http:' || protocol === 'https:') return text.endsWith('/') ? text : `${text}/`
  } catch {
    // Said below.
  }
  throw new CommandError(`${given} is no address of a node`, {
    hint: `Give one such as http://127.0.0.1:${DEFAULT_PORT}.`,
    exitCode: WRONG_USE,
  })
}

/** Aborts with the signal, and when the time is over. */
const limited = (signal: AbortSignal | undefined, withinMs: number): AbortSignal => {
  const both = new AbortController()
  const limits = Number.isFinite(withinMs) ? [AbortSignal.timeout(withinMs)] : []
  for (const one of [...limits, ...(signal ? [signal] : [])]) {
    if (one.aborted) both.abort(one.reason)
    one.addEventListener('abort', () => both.abort(one.reason), { once: true })
  }
  return both.signal
}

/** The HTTP API of one running node. All that goes wrong is a CommandError that says what to do. */
export class NodeApi {
  private readonly base: string

  constructor(private readonly options: NodeApiOptions) {
    this.base = baseOf(options.url || process.env['MUSTER_URL'] || `127.0.0.1:${DEFAULT_PORT}`)
  }

  /** Where the node is, for people and other programs: without a slash at its end. */
  get address(): string {
    return this.base.replace(/\/$/, '')
  }

  get key(): string | undefined {
    return this.options.key || process.env['MUSTER_API_KEY'] || undefined
  }

  /** Asks, and checks the answer against a schema. */
  async ask<Answer>(path: string, schema: ZodType<Answer>, request: Request = {}): Promise<Answer> {
    const { data, error } = schema.safeParse(this.parsed(await this.text(path, request)))
    if (error === undefined) return data
    throw new CommandError('The node’s answer is not understood', {
      hint: 'Use the `muster` of the same version as the node.',
      cause: error,
    })
  }

  /** Asks for something whose answer says nothing more than that it was done. */
  async tell(path: string, request: Request = {}): Promise<void> {
    await this.text(path, request)
  }

  /** Asks, and returns the whole answer as it is. */
  async text(path: string, request: Request = {}): Promise<string> {
    const answer = await this.open(path, request)
    try {
      return await bodyText(answer)
    } catch (error) {
      throw request.signal?.aborted ? error : this.unreachable(error)
    }
  }

  /** Asks, and returns the answer as soon as its head is there. */
  async open(path: string, { method = 'GET', body, withinMs = WITHIN_MS, signal }: Request): Promise<IncomingMessage> {
    const stopSaying = this.sayWhileWaiting()
    let answer: IncomingMessage
    try {
      answer = await send({
        url: new URL(path.replace(/^\//, ''), this.base),
        method,
        headers: {
          'user-agent': `muster/${version}`,
          ...(method !== 'GET' && { 'content-type': 'application/json' }),
          ...(this.key !== undefined && { authorization: `Bearer ${this.key}` }),
        },
        body: body && JSON.stringify(body),
        signal: limited(signal, withinMs),
      })
    } catch (error) {
      throw signal?.aborted ? error : this.unreachable(error)
    } finally {
      stopSaying()
    }
    const { statusCode: status = 0 } = answer
    if (status >= 200 && status < 300) return answer
    throw refusal(
      status,
      await bodyText(answer)
        .then(JSON.parse)
        .catch(() => undefined),
    )
  }

  private parsed(text: string): unknown {
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new CommandError(`What answers at ${this.address} is no Muster node`, {
        hint: 'Look at --url or MUSTER_URL.',
        exitCode: UNREACHABLE,
        cause,
      })
    }
  }

  private unreachable(cause: unknown): CommandError {
    const reason = cause instanceof Error && 'cause' in cause ? cause.cause : cause
    if (reason instanceof DOMException && reason.name === 'TimeoutError')
      return new CommandError(`The node at ${this.address} did not answer in time`, {
        hint: 'Look whether that machine is overloaded.',
        exitCode: UNREACHABLE,
        cause,
      })
    return new CommandError(`No node answers at ${this.address}`, {
      hint: 'Start Muster there (the app, or `muster serve`), or name another node with --url or MUSTER_URL.',
      exitCode: UNREACHABLE,
      cause,
    })
  }

  private sayWhileWaiting(): () => void {
    const { onWaiting } = this.options
    if (!onWaiting) return () => {}
    let said = false
    const timer = setInterval(() => {
      said = true
      onWaiting(`Waiting for the node at ${this.address} to answer …`)
    }, SAY_AFTER_MS)
    return () => {
      clearInterval(timer)
      if (said) onWaiting(undefined)
    }
  }
}
