import { randomUUID } from 'node:crypto'
import type { Command, Refusal } from '@core/commands/command'
import { CommandId, MetaInstanceId } from '@core/ids'
import type { Applied } from './folder'

/** Submits commands to the master. */
export interface Commands {
  submit(
    command: Command,
    options: { commandId: CommandId },
  ): Promise<{ readonly status: 'done' } | { readonly status: 'refused'; readonly refusal: Refusal }>
}

/** Applies documents atomically. Resolves with the refusal's reason, or undefined on success. */
export const applyTo = async (commands: Commands, { documents, prune }: Applied): Promise<string | undefined> => {
  const result = await commands.submit(
    {
      type: 'ApplyDeclarations',
      documents: [...documents],
      metaInstanceIds: documents.map(() => MetaInstanceId.parse(randomUUID())),
      ...(prune && { prune }),
    },
    { commandId: CommandId.parse(randomUUID()) },
  )
  return result.status === 'refused' ? result.refusal.reason : undefined
}
