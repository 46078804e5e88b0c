import { changeDeclaration } from '../api/declarations'
import type { CommandContext } from '../context'
import type { ExitCode } from '../exit-codes'
import { changeOne, type NamedOptions } from './declaration-change'

/** Reloads a paused declaration. */
export const run = (options: NamedOptions, context: CommandContext): Promise<ExitCode> =>
  changeOne(options, context, (api, { metaInstanceId }) => changeDeclaration(api, metaInstanceId, { paused: false }))
