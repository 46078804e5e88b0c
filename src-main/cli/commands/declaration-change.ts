import type { MetaInstanceView } from '@core/protocols/control'
import { findDeclaration } from '../api/declarations'
import type { NodeApi } from '../api/node-api'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'

export interface NamedOptions extends CommonOptions {
  /** As a person calls it. */
  readonly name: string
}

/** What programs are told of a declaration that was changed. */
export const changedJson = ({ metaInstanceId: id, name, modelId, status, statusDetail: detail }: MetaInstanceView) => ({
  id,
  ...(name !== undefined && { name }),
  ...{ modelId, status, detail },
})

/** Changes one declaration and tells how it is then. */
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
