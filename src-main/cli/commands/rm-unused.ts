import { RemovedModelsResponse, UnusedModelsResponse } from '@core/protocols/models'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, FAILED, declined, type ExitCode } from '../exit-codes'
import { bytesText } from '../text/units'

export interface RmUnusedOptions extends CommonOptions {
  readonly yes: boolean
}

const copies = (count: number): string => `${count} ${count === 1 ? 'copy' : 'copies'}`

/** Deletes all unused models in Muster's own folders, after confirmation. */
export const run = async (
  { yes, json }: RmUnusedOptions,
  { api, out, err, terminal }: CommandContext,
): Promise<ExitCode> => {
  const { models, bytes } = await api.ask('/models/unused', UnusedModelsResponse)
  if (models.length > 0 && !yes) {
    await err.lines(models.map(({ modelId, bytes: size }) => [`${modelId} (${bytesText(size)})`]))
    const which = models.length === 1 ? 'this copy' : `these ${copies(models.length)}`
    if (!(await terminal.confirm(`Delete ${which} (${bytesText(bytes)})?`))) throw declined('Nothing was deleted.')
  }
  const done = await api.ask('/models/unused', RemovedModelsResponse, { method: 'DELETE', withinMs: 120_000 })
  if (json) await out.json(done)
  else {
    const are = done.removed.length === 1 ? 'is' : 'are'
    await out.line(`${copies(done.removed.length)} ${are} deleted: ${bytesText(done.freedBytes)} freed.`)
  }
  for (const { modelId, message } of done.failed) await err.lines([[{ text: `${modelId}: ${message}`, style: 'red' }]])
  return done.failed.length === 0 ? DONE : FAILED
}
