import type { MetaInstanceId, ModelId } from '@core/ids'
import {
  withAdapter,
  withDraft,
  type AdapterCard,
  type ModelCard,
  type ModelProblemCode,
} from '@core/placement/model-card'
import type { MetaInstanceView } from '@core/protocols/control'
import type { CatalogueModel } from '@core/protocols/models'
import type { Constraints } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import type { ApiContext } from '../context'
import { hubProblem } from '../hub-problem'
import { isExplained, Problem } from '../problem'

/** A declaration with its status. Throws Problem for an unknown id. */
export const viewOf = (state: State, id: MetaInstanceId): MetaInstanceView => {
  const metaInstance = state.metaInstances[id]
  if (!metaInstance)
    throw new Problem(404, 'not_found', `There is no meta-instance with the id ${id}`, {
      hint: 'GET /meta_instances lists them.',
    })
  const { status, detail } = statusOf(state, metaInstance)
  return { ...metaInstance, status, statusDetail: detail }
}

/** The model's card from this machine, else from another. */
export const findModel = async (
  catalogue: ApiContext['catalogue'],
  modelId: ModelId,
): Promise<CatalogueModel | undefined> =>
  catalogue.find(modelId) ?? (await catalogue.elsewhere()).find((model) => model.modelId === modelId)

/** The card of a model on no disk of the cluster. Throws Problem if the hub does not provide it. */
const cardOnHub = async ({ hub, catalogue }: ApiContext, modelId: ModelId, param: string): Promise<ModelCard> => {
  try {
    return await hub.card(modelId)
  } catch (error) {
    if (!isExplained(error)) throw error
    const { code, message, hint } = error
    // To the caller the model is simply missing; the reason adds why it cannot be fetched either.
    if (code === 'hub_not_found' || code === 'hub_offline' || code === 'hub_unreachable') {
      const away = catalogue.away(modelId)
      const where = away ?? `The model ${modelId} is on no machine that is connected`
      throw new Problem(400, 'unknown_model', `${where}. ${message}`, {
        hint: `${hint} GET /models lists the models that are on your machines.`,
        param,
      })
    }
    throw hubProblem(error, { param })
  }
}

/** Throws Problem for a model whose files were checked and cannot be run. */
const refuse = (
  modelId: ModelId,
  param: string,
  { problem, code }: { readonly problem: string; readonly code: ModelProblemCode | undefined },
): never => {
  const isDamaged = code === 'damaged'
  throw new Problem(400, isDamaged ? 'damaged_model' : 'unsupported_model', `${modelId} cannot be run: ${problem}`, {
    hint: isDamaged
      ? `Put the complete files in its folder, or download it again: POST /models/${modelId}/download.`
      : 'GET /models lists the models on your machines and the problems of those that cannot run.',
    param,
  })
}

const AN_ADAPTER = 'it is a LoRA adapter, not a model; give it as adapterId'

/**
 * The card of a runnable model. Throws Problem otherwise, so that a missing or unusable model never becomes a
 * declaration. `param`: the request field that names it.
 */
export const usableCard = async (context: ApiContext, modelId: ModelId, param = 'modelId'): Promise<ModelCard> => {
  const { catalogue } = context
  // The model may have been added since the last scan.
  if (!catalogue.find(modelId)) await catalogue.refresh()
  const model = await findModel(catalogue, modelId)
  const unreadable = catalogue.unreadable().find((one) => one.modelId === modelId)
  const judgement = model ?? unreadable
  if (judgement?.problem !== undefined)
    return refuse(modelId, param, { problem: judgement.problem, code: judgement.problemCode })
  const adapter = catalogue.adapters().find((one) => one.modelId === modelId)
  if (adapter) return refuse(modelId, param, { problem: AN_ADAPTER, code: 'unsupported' })
  if (!model) return cardOnHub(context, modelId, param)
  const judged = await catalogue.card(modelId)
  if (judged.status === 'loaded') return judged.card
  if (judged.status === 'adapter') return refuse(modelId, param, { problem: AN_ADAPTER, code: 'unsupported' })
  // The folder was removed since the last scan.
  if (judged.code === undefined && !(await findModel(catalogue, modelId))) return cardOnHub(context, modelId, param)
  return refuse(modelId, param, { problem: judged.reason, code: judged.code })
}

/** The card of an adapter, from any machine that has it, else from the hub. Throws Problem if there is none. */
const usableAdapter = async ({ catalogue }: ApiContext, adapterId: ModelId): Promise<AdapterCard> => {
  const param = 'adapterId'
  const found = await catalogue.card(adapterId)
  switch (found.status) {
    case 'adapter':
      return found.card
    case 'loaded':
      throw new Problem(400, 'unsuitable_adapter', `${adapterId} is a model, not a LoRA adapter`, { param })
    case 'failed':
      if (found.code !== undefined) return refuse(adapterId, param, { problem: found.reason, code: found.code })
      throw new Problem(400, 'unknown_model', `The adapter ${adapterId} is not available: ${found.reason}`, { param })
  }
}

/**
 * The card of a declaration with those of its adapter and draft. Throws Problem as `usableCard` does, for any of them.
 */
export const declaredCard = async (
  context: ApiContext,
  { modelId, draftModelId, adapterId }: Pick<Constraints, 'modelId' | 'draftModelId' | 'adapterId'>,
): Promise<ModelCard> => {
  const own = await usableCard(context, modelId)
  const card = withAdapter(own, adapterId === undefined ? undefined : await usableAdapter(context, adapterId))
  return draftModelId === undefined ? card : withDraft(card, await usableCard(context, draftModelId, 'draftModelId'))
}
