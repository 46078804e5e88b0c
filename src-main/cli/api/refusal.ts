import { CommandError, FAILED, NOT_FOUND } from '../exit-codes'

interface Refused {
  readonly code?: string
  readonly message?: string
  readonly hint?: string
}

/** Error codes that mean "not found". */
const ABSENT: ReadonlySet<string> = new Set(['not_found', 'unknown_model', 'model_not_found', 'hub_not_found'])

/** Reads an error body in any API dialect; every field may be missing. */
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

/** Converts a node's error response to a CommandError. */
export const refusal = (status: number, answer: unknown): CommandError => {
  const { code, message = `The node answered ${status}`, hint } = refusedBy(answer)
  if (status === 401)
    return new CommandError(message, { hint: 'Give an API key of the cluster with --key or MUSTER_API_KEY.', code })
  const absent = status === 404 || (code !== undefined && ABSENT.has(code))
  return new CommandError(message, { hint, exitCode: absent ? NOT_FOUND : FAILED, code })
}
