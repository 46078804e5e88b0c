import { randomUUID } from 'node:crypto'
import type { Command, Refusal } from '@core/commands/command'
import { CommandId, MetaInstanceId } from '@core/ids'
import type { Applied } from './folder'

/** Where commands are decided. */
export interface Commands {
  submit(
    command: Command,
    options: { commandId: CommandId },
  ): Promise<{ readonly status: 'done' } | { readonly status: 'refused'; readonly refusal: Refusal }>
}

/** Has documents carried out, all or none; resolves with why they were refused. */
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
