import { ModelId } from '@core/ids'
import { readState } from '../api/state'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import { nodeBy } from '../names'
import { bytesText } from '../text/units'
import { download } from './download'

export interface PullOptions extends CommonOptions {
  readonly model: string
  /** The machine; without it, the node that is asked. */
  readonly on?: string | undefined
}

/** Brings a model to a machine's disk. What was cut off goes on when it is asked for again. */
export const run = async ({ model, on, json }: PullOptions, context: CommandContext): Promise<ExitCode> => {
  const target = on === undefined ? undefined : nodeBy(await readState(context.api), on)
  const { modelId, nodeId, bytes } = await download(ModelId.parse(model), { on: target }, context)
  if (json) await context.out.json({ modelId, nodeId, bytes })
  else await context.out.line(`${modelId} is there: ${bytesText(bytes)}.`)
  return DONE
}
