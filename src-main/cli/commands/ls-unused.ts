import { UnusedModelsResponse } from '@core/protocols/models'
import { nodeName } from '@core/state/bindings'
import { readState } from '../api/state'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import { printTable } from '../text/table'
import { bytesText } from '../text/units'

/**
 * Lists models in Muster's own folders that no declaration or instance uses, and the space that deleting them would
 * free.
 */
export const run = async ({ json }: CommonOptions, { api, out, err }: CommandContext): Promise<ExitCode> => {
  const unused = await api.ask('/models/unused', UnusedModelsResponse)
  if (json) await out.json(unused)
  else if (unused.models.length === 0)
    await err.line('Every model in Muster’s folders is used by a declaration or an instance.')
  else {
    const state = await readState(api)
    await printTable(out, unused.models, [
      { heading: 'MODEL', cell: ({ modelId }) => modelId, cut: true },
      { heading: 'SIZE', cell: ({ bytes }) => bytesText(bytes), align: 'right' },
      { heading: 'ON', cell: ({ nodeId }) => nodeName(state, nodeId), cut: true },
    ])
    await err.line(`${bytesText(unused.bytes)} in all. \`muster rm --unused\` deletes them.`)
  }
  return DONE
}
