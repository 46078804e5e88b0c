import { DEFAULT_PORT } from '@core/settings/ports'

export interface RemoteFlags {
  readonly url?: string
  readonly json: boolean
}

export interface Streams {
  out(text: string): Promise<void>
  error(text: string): void
}

/** The node answered with an error, or not at all. */
export class RemoteError extends Error {
  constructor(
    message: string,
    readonly hint?: string,
  ) {
    super(message)
    this.name = 'RemoteError'
  }
}

export interface RemoteRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly body?: object
  /** How long to wait for the answer; without it, for as long as the connection lives. */
  readonly withinMs?: number
}

const messageOf = (answer: unknown): { message?: string; hint?: string } =>
  typeof answer === 'object' && answer !== null && 'error' in answer && typeof answer.error === 'object' && answer.error
    ? answer.error
    : {}

/** Asks the control API of a running node. Throws RemoteError. */
export const askNode = async (
  { url = process.env['MUSTER_URL'] || `http://127.0.0.1:${DEFAULT_PORT}` }: Pick<RemoteFlags, 'url'>,
  path: string,
  { method = 'GET', body, withinMs }: RemoteRequest = {},
): Promise<unknown> => {
  const key = process.env['MUSTER_API_KEY']
  let response: Response
  try {
    response = await fetch(new URL(path, url), {
      method,
      headers: {
        ...(method !== 'GET' && { 'content-type': 'application/json' }),
        ...(key !== undefined && key !== '' && { authorization: `Bearer ${key}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
      ...(withinMs !== undefined && { signal: AbortSignal.timeout(withinMs) }),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError')
      throw new RemoteError(`The node at ${url} did not answer in time.`, 'Look whether that machine is overloaded.')
    throw new RemoteError(
      `No node answers at ${url}`,
      'Start Muster there, or name another node with --url or MUSTER_URL.',
    )
  }
  const answer: unknown = await response.json().catch(() => undefined)
  if (response.ok) return answer
  const { message = `The node answered ${response.status}`, hint } = messageOf(answer)
  throw new RemoteError(message, hint)
}
