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
 * The id of what a client asks for: its own, where it sends `Idempotency-Key`, so that the same request sent again is
 * carried out once, whichever machine takes it and whoever decides meanwhile. Throws Problem.
 */
export const commandIdOf = async (c: Context): Promise<CommandId> => {
  const key = c.req.header('idempotency-key')
  if (key === undefined) return newCommandId()
  if (!KEY.test(key))
    throw new Problem(400, 'invalid_request', 'Idempotency-Key is 1 to 255 printable ASCII characters without spaces')
  const asked = [key, c.req.method, c.req.path, await c.req.text()]
  return CommandId.parse(createHash('sha256').update(JSON.stringify(asked)).digest('hex'))
}

/** The id of what that command makes: the same for the same command. `commandId` with a number where it makes several. */
export const newIdOf = (commandId: CommandId | `${CommandId} ${number}`): string => {
  const hash = createHash('sha256').update(`made by ${commandId}`).digest('hex')
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5')
}

export const problemOf = ({ code, reason, details }: Refusal): Problem =>
  new Problem(statusOfRefusal(code), code, reason, details === undefined ? {} : { details })

/** Of the answer to a command: on how many of all members' disks it was when it was acknowledged, as `2 of 3`. */
export const DURABLE_ON = 'x-muster-durable-on'

export interface CarriedOut {
  /** The request that asks for it: its answer says what the acknowledgement rests on. */
  readonly request?: Context
  /** Absent: the request's own, else a new one. */
  readonly commandId?: CommandId
}

/** Has a command carried out; returns when it is durable. Throws Problem where it is refused or cannot be kept. */
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
