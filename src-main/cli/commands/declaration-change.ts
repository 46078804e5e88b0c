import type { MetaInstanceView } from '@core/protocols/control'
import { findDeclaration } from '../api/declarations'
import type { NodeApi } from '../api/node-api'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'

export interface NamedOptions extends CommonOptions {
  /** As named by the user. */
  readonly name: string
}

/** JSON output for a changed declaration. */
const changedJson = ({ metaInstanceId: id, name, modelId, status, statusDetail: detail }: MetaInstanceView) => ({
  id,
  ...(name !== undefined && { name }),
  ...{ modelId, status, detail },
})

/** Changes one declaration and prints its new status. */
export const changeOne = async (
  { name, json }: NamedOptions,
  { api, out }: Pick<CommandContext, 'api' | 'out'>,
  change: (api: NodeApi, known: MetaInstanceView) => Promise<MetaInstanceView>,
): Promise<ExitCode> => {
  const view = await change(api, await findDeclaration(api, name))
  if (json) await out.json(changedJson(view))
  else await out.line(`${view.name ?? view.modelId}: ${view.status} ${view.statusDetail}`)
  return DONE
}
