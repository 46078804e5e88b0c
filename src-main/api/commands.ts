import { randomUUID } from 'node:crypto'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Command, Refusal } from '@core/commands/command'
import { CommandId } from '@core/ids'
import type { ApiContext } from './context'
import { isExplained, Problem } from './problem'

const statusOfRefusal = (code: Refusal['code']): ContentfulStatusCode => {
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

/** Has a command carried out; returns when it is durable. Throws Problem where it is refused or cannot be kept. */
export const carryOut = async ({ commands }: ApiContext, command: Command): Promise<void> => {
  try {
    const result = await commands.submit(command, { commandId: CommandId.parse(randomUUID()) })
    if (result.status === 'done') return
    const { code, reason, details } = result.refusal
    throw new Problem(statusOfRefusal(code), code, reason, details === undefined ? {} : { details })
  } catch (error) {
    // The disk is full, or the node is stopping: nothing was acknowledged.
    if (isExplained(error)) throw new Problem(503, error.code, error.message, { hint: error.hint, retryAfter: 5 })
    throw error
  }
}
