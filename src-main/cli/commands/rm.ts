import type { NodeId } from '@core/ids'
import { ModelId } from '@core/ids'
import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { readState } from '../api/state'
import type { CommandContext, CommonOptions } from '../context'
import { CommandError, DONE, FAILED, NOT_FOUND, declined, type ExitCode } from '../exit-codes'
import { modelBy, nodeBy } from '../names'
import { bytesText } from '../text/units'

export interface RmOptions extends CommonOptions {
  readonly model: string
  /** Target machine; default: all that have the model. */
  readonly on?: string | undefined
  readonly yes: boolean
}

interface Copy {
  readonly nodeId: NodeId
  readonly machine: string
  readonly bytes: number
}

/** Complete and partial copies of a model. */
const copiesOf = (state: State, modelId: ModelId): Copy[] =>
  Object.values(state.members).flatMap(({ nodeId }) => {
    const one = state.downloads[nodeId]?.[modelId]
    return one ? [{ nodeId, machine: nodeName(state, nodeId), bytes: one.downloadedBytes }] : []
  })

/** Deletes a model from the cluster's disks, after confirmation. Copies in other programs' folders stay. */
export const run = async (
  { model, on, yes, json }: RmOptions,
  { api, out, err, terminal }: CommandContext,
): Promise<ExitCode> => {
  const state = await readState(api)
  const known = [...new Set(Object.values(state.downloads).flatMap((models) => Object.keys(models)))]
  const modelId = modelBy(
    known.map((id) => ModelId.parse(id)),
    model,
  )
  const only = on === undefined ? undefined : nodeBy(state, on)
  const copies = copiesOf(state, modelId).filter(({ nodeId }) => only === undefined || nodeId === only)
  if (copies.length === 0)
    throw new CommandError(`${modelId} is not on ${on ?? 'a machine of this cluster'}`, { exitCode: NOT_FOUND })
  const total = bytesText(copies.reduce((sum, { bytes }) => sum + bytes, 0))
  const where = copies.map(({ machine }) => machine).join(', ')
  if (!yes && !(await terminal.confirm(`Delete ${modelId} (${total}) from ${where}?`)))
    throw declined('Nothing was deleted.')
  const removed: Copy[] = []
  const failed: { machine: string; message: string; hint: string | undefined }[] = []
  for (const copy of copies) {
    try {
      const query = `nodeId=${encodeURIComponent(copy.nodeId)}`
      await api.tell(`/models/${encodeURIComponent(modelId)}/download?${query}`, { method: 'DELETE' })
      removed.push(copy)
    } catch (error) {
      // Continue with the other machines.
      if (!(error instanceof CommandError)) throw error
      failed.push({ machine: copy.machine, message: error.message, hint: error.hint })
    }
  }
  const freedBytes = removed.reduce((sum, { bytes }) => sum + bytes, 0)
  if (json) await out.json({ modelId, removed, freedBytes, failed })
  else if (removed.length > 0)
    await out.line(
      `${modelId} is deleted from ${removed.map(({ machine }) => machine).join(', ')}: ${bytesText(freedBytes)} freed.`,
    )
  for (const { machine, message, hint } of failed)
    await err.lines([[{ text: `${machine}: ${message}`, style: 'red' }], ...(hint === undefined ? [] : [[hint]])])
  return failed.length === 0 ? DONE : FAILED
}
