import { z } from 'zod'
import type { NodeId } from '@core/ids'
import { CatalogueModel } from '@core/protocols/models'

/** A machine that takes longer is skipped until the next call. */
const WITHIN_MS = 1500

export interface ElsewhereParts {
  /** Members with a live link. */
  readonly linked: () => readonly NodeId[]
  /** Requests one answer from another node; rejects if it is unreachable. */
  readonly ask: (nodeId: NodeId, kind: 'models', params: object) => Promise<unknown>
}

/** Models on the other machines, ids unique, without their file paths. */
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
