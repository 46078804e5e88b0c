import { createHash, randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import type { Command, Refusal } from '@core/commands/command'
import { CommandId } from '@core/ids'
import type { ApiContext } from './context'
import { isExplained, Problem } from './problem'

const statusOfRefusal = (code: Refusal['code']): 400 | 404 | 409 => {
  switch (code) {
    case 'not_found':
      return 404
    case 'conflict':
      return 409
    case 'invalid':
    case 'cannot_place':
      return 400
  }
}

export const newCommandId = (): CommandId => CommandId.parse(randomUUID())

const KEY = /^[\x21-\x7e]{1,255}$/

/**
 * The command id of a request: the client's `Idempotency-Key` if it sends one, so that a repeated request is executed
 * once, on whichever node and under whichever master. Throws Problem.
 */
export const commandIdOf = async (c: Context): Promise<CommandId> => {
  const key = c.req.header('idempotency-key')
  if (key === undefined) return newCommandId()
  if (!KEY.test(key))
    throw new Problem(400, 'invalid_request', 'Idempotency-Key is 1 to 255 printable ASCII characters without spaces')
  const asked = [key, c.req.method, c.req.path, await c.req.text()]
  return CommandId.parse(createHash('sha256').update(JSON.stringify(asked)).digest('hex'))
}

/**
 * The id of what a command creates, derived from `commandId` so that a retry creates the same; numbered where one
 * command creates several.
 */
export const newIdOf = (commandId: CommandId | `${CommandId} ${number}`): string => {
  const hash = createHash('sha256').update(`made by ${commandId}`).digest('hex')
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5')
}

export const problemOf = ({ code, reason, details }: Refusal): Problem =>
  new Problem(statusOfRefusal(code), code, reason, details === undefined ? {} : { details })

/** Response header: on how many members' disks the command was when it was acknowledged, as `2 of 3`. */
const DURABLE_ON = 'x-muster-durable-on'

export interface CarriedOut {
  /** The HTTP request, whose response gets the acknowledgement header. */
  readonly request?: Context
  /** Absent: the request's own id, or a new one. */
  readonly commandId?: CommandId
}

/** Submits a command; returns when it is durable. Throws Problem if it is refused or cannot be stored. */
export const carryOut = async (
  { commands }: Pick<ApiContext, 'commands'>,
  command: Command,
  { request, commandId }: CarriedOut = {},
): Promise<void> => {
  const id = commandId ?? (request ? await commandIdOf(request) : newCommandId())
  try {
    const result = await commands.submit(command, { commandId: id })
    if (result.status === 'refused') throw problemOf(result.refusal)
    const { durableOn } = result
    if (durableOn) request?.header(DURABLE_ON, `${durableOn.on} of ${durableOn.of}`)
  } catch (error) {
    // The disk is full, or the node is stopping: nothing was acknowledged.
    if (isExplained(error)) throw new Problem(503, error.code, error.message, { hint: error.hint, retryAfter: 5 })
    throw error
  }
}
