import { z } from 'zod'
import type { NodeId } from '@core/ids'
import { CatalogueModel } from '@core/protocols/models'

/** A machine that takes longer is asked again the next time. */
const WITHIN_MS = 1500

export interface ElsewhereParts {
  /** Members that are linked now. */
  readonly linked: () => readonly NodeId[]
  /** One answer of another node. Rejects where it cannot be had. */
  readonly ask: (nodeId: NodeId, kind: 'models', params: object) => Promise<unknown>
}

/** The models on the other machines, each id once, without the paths they have there. */
export const modelsElsewhere =
  ({ linked, ask }: ElsewhereParts) =>
  async (): Promise<readonly CatalogueModel[]> => {
    const answers = linked().map(async (nodeId) => {
      const late = new Promise<undefined>((resolve) => void setTimeout(() => resolve(undefined), WITHIN_MS).unref())
      const answer = await Promise.race([ask(nodeId, 'models', {}), late]).catch(() => undefined)
      return z.array(CatalogueModel).safeParse(answer).data ?? []
    })
    const models = (await Promise.all(answers)).flat()
    return [...new Map(models.map((model) => [model.modelId, model])).values()]
  }
