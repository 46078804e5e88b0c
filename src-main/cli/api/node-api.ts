import type { ZodType } from 'zod'
import { DEFAULT_PORT } from '@core/settings/ports'
import { CommandError, FAILED, NOT_FOUND, UNREACHABLE, WRONG_USE } from '../exit-codes'

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

/** The codes of errors that say that something is not there. */
const ABSENT: ReadonlySet<string> = new Set(['not_found', 'unknown_model', 'model_not_found', 'hub_not_found'])

/** The address as `new URL` takes it. Throws CommandError. */
const baseOf = (given: string): string => {
  const text = /^[a-z]+:\/\//i.test(given) ? given : `http://${given}`
  if (!URL.canParse(text) || !/^https?:/i.test(text))
    throw new CommandError(`${given} is no address of a node`, {
      hint: `Give one such as http://127.0.0.1:${DEFAULT_PORT}.`,
      exitCode: WRONG_USE,
    })
  return text.endsWith('/') ? text : `${text}/`
}

interface Refused {
  readonly code?: string
  readonly message?: string
  readonly hint?: string
}

/** What an error's body says, in the dialect of whichever route. Nothing in it is trusted to be there. */
const refusedBy = (answer: unknown): Refused => {
  const error: unknown = typeof answer === 'object' && answer !== null && 'error' in answer ? answer.error : undefined
  if (typeof error === 'string') return { message: error }
  if (typeof error !== 'object' || error === null) return {}
  const text = (name: string): string | undefined => {
    const value: unknown = Object.getOwnPropertyDescriptor(error, name)?.value
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const [code, message, hint] = [text('code'), text('message'), text('hint')]
  return { ...(code && { code }), ...(message && { message }), ...(hint && { hint }) }
}

/** An error that the node answered. Exported for streams, whose errors come in their midst. */
export const refusal = (status: number, answer: unknown): CommandError => {
  const { code = '', message = `The node answered ${status}`, hint } = refusedBy(answer)
  if (status === 401)
    return new CommandError(message, { hint: 'Give a key of the cluster with --key or MUSTER_API_KEY.' })
  const absent = status === 404 || ABSENT.has(code)
  return new CommandError(message, { hint, exitCode: absent ? NOT_FOUND : FAILED })
}

/** The HTTP API of one running node. All that goes wrong is a CommandError that says what to do. */
export class NodeApi {
  readonly url: string

  constructor(private readonly options: NodeApiOptions) {
    this.url = baseOf(options.url || process.env['MUSTER_URL'] || `127.0.0.1:${DEFAULT_PORT}`)
  }

  /** The address without the slash at its end, for people and other programs. */
  get address(): string {
    return this.url.replace(/\/$/, '')
  }

  get key(): string | undefined {
    return this.options.key || process.env['MUSTER_API_KEY'] || undefined
  }

  /** Asks, and checks the answer against a schema. */
  async ask<Answer>(path: string, schema: ZodType<Answer>, request: Request = {}): Promise<Answer> {
    const response = await this.fetch(path, request)
    const answer: unknown = await this.whole(response.json())
    const { data, error } = schema.safeParse(answer)
    if (error === undefined) return data
    throw new CommandError('The node’s answer is not understood', {
      hint: 'Use the `muster` of the same version as the node.',
      cause: error,
    })
  }

  /** Asks for something whose answer says nothing more than that it was done. */
  async tell(path: string, request: Request = {}): Promise<void> {
    await this.whole((await this.fetch(path, request)).text())
  }

  async text(path: string, request: Request = {}): Promise<string> {
    return this.whole((await this.fetch(path, request)).text())
  }

  /** Asks, and returns the answer as soon as its head is there. */
  async fetch(path: string, { method = 'GET', body, withinMs = WITHIN_MS, signal }: Request): Promise<Response> {
    const stopSaying = this.sayWhileWaiting()
    const signals = [...(signal ? [signal] : []), ...(Number.isFinite(withinMs) ? [AbortSignal.timeout(withinMs)] : [])]
    let response: Response
    try {
      response = await fetch(new URL(path.replace(/^\//, ''), this.url), {
        method,
        headers: {
          ...(method !== 'GET' && { 'content-type': 'application/json' }),
          ...(this.key !== undefined && { authorization: `Bearer ${this.key}` }),
        },
        ...(body && { body: JSON.stringify(body) }),
        ...(signals.length > 0 && { signal: AbortSignal.any(signals) }),
      })
    } catch (error) {
      throw signal?.aborted ? error : this.unreachable(error)
    } finally {
      stopSaying()
    }
    if (response.ok) return response
    throw refusal(response.status, await response.json().catch(() => undefined))
  }

  /** An answer's body; the connection may be cut, or the time be over, before all of it is there. */
  private async whole<Body>(body: Promise<Body>): Promise<Body> {
    try {
      return await body
    } catch (error) {
      throw error instanceof SyntaxError
        ? new CommandError(`What answers at ${this.address} is no Muster node`, {
            hint: 'Look at --url or MUSTER_URL.',
            exitCode: UNREACHABLE,
            cause: error,
          })
        : this.unreachable(error)
    }
  }

  unreachable(cause: unknown): CommandError {
    if (cause instanceof DOMException && cause.name === 'TimeoutError')
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
