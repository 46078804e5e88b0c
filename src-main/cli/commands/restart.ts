import { restartDeclaration } from '../api/declarations'
import type { CommandContext } from '../context'
import type { ExitCode } from '../exit-codes'
import { changeOne, type NamedOptions } from './declaration-change'

/** Reloads a declaration. */
export const run = (options: NamedOptions, context: CommandContext): Promise<ExitCode> =>
  changeOne(options, context, (api, { metaInstanceId }) => restartDeclaration(api, metaInstanceId))
