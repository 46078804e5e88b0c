import { z } from 'zod'
import { Bytes, ModelId, NodeId } from '../ids'
import { namedModels } from './needed-models'
import type { State } from './state'

/** A model on a machine's disk that nothing uses. */
export const UnusedCopy = z.object({ modelId: ModelId, nodeId: NodeId, bytes: Bytes })
export type UnusedCopy = z.infer<typeof UnusedCopy>

/**
 * Returns complete copies that no declaration (paused ones included) and no instance uses, by model and machine.
 *
 * @param removable whether Muster may delete the model's files; it may not delete those in other programs' folders
 */
export const unusedCopies = (
  { downloads, metaInstances, instances }: State,
  removable: (modelId: ModelId) => boolean,
): UnusedCopy[] => {
  const used = new Set<string>([...Object.values(metaInstances), ...Object.values(instances)].flatMap(namedModels))
  return Object.entries(downloads)
    .flatMap(([node, models]) =>
      Object.entries(models).flatMap(([model, { status, totalBytes }]): UnusedCopy[] => {
        const modelId = ModelId.parse(model)
        if (status !== 'Complete' || used.has(model) || !removable(modelId)) return []
        return [{ modelId, nodeId: NodeId.parse(node), bytes: totalBytes }]
      }),
    )
    .sort((a, b) => (`${a.modelId} ${a.nodeId}` < `${b.modelId} ${b.nodeId}` ? -1 : 1))
}
