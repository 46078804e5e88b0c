import { ModelId } from '@core/ids'
import { DownloadAnswer } from '@core/protocols/models'
import { readState } from '../api/state'
import type { State } from '@core/state/state'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import { modelBy, modelIdOf, modelsBy, nodeBy } from '../names'
import { bytesText } from '../text/units'
import { download } from './download'

export interface PullOptions extends CommonOptions {
  readonly model: string
  /** Target machine; default: the node that is asked. */
  readonly on?: string | undefined
  readonly pause: boolean
  readonly resume: boolean
}

/** Looks up a model on disk or being downloaded; its owner may be omitted. Returns the name as given if not found. */
const modelFor = (state: State, text: string): ModelId => {
  const all = [...new Set(Object.values(state.downloads).flatMap(Object.keys))].map((known) => ModelId.parse(known))
  return text.includes('/') || modelsBy(all, text).length === 0 ? modelIdOf(text) : modelBy(all, text)
}

/** Downloads a model to a machine's disk. Asking again resumes an interrupted or paused download. */
export const run = async (options: PullOptions, context: CommandContext): Promise<ExitCode> => {
  const { model, on, pause, resume, json } = options
  const { api, out } = context
  const state = await readState(api)
  const target = on === undefined ? undefined : nodeBy(state, on)
  const asked = modelFor(state, model)
  if (pause || resume) {
    await api.ask(`/models/${encodeURIComponent(asked)}/download`, DownloadAnswer, {
      method: 'PATCH',
      body: { paused: pause, ...(target !== undefined && { nodeId: target }) },
    })
    if (pause) {
      if (json) await out.json({ modelId: asked, paused: true })
      else await out.line(`${asked} is paused. \`muster pull ${asked} --resume\` resumes it.`)
      return DONE
    }
  }
  const { modelId, nodeId, bytes } = await download(asked, { on: target }, context)
  if (json) await out.json({ modelId, nodeId, bytes })
  else await out.line(`${modelId} is there: ${bytesText(bytes)}.`)
  return DONE
}
