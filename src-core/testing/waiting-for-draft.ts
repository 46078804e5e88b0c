import { ModelId } from '../ids'
import { GB, SMALL, smallCard, World } from './world'

/** Builds a machine that has the model of a declaration, and waits for its draft model of one gigabyte. */
export const waitingForDraft = (machine: string) => {
  const world = new World()
  const nodeId = world.addNode(machine)
  const draftModelId = ModelId.parse('org/draft')
  world.cards = {
    ...world.cards,
    [draftModelId]: { status: 'loaded', card: { ...smallCard, modelId: draftModelId, storageBytes: GB } },
  }
  const id = world.declare('chat', { draftModelId })
  world.reconcile()
  world.report(id, { status: 'Downloading' })
  const whole = { status: 'Complete', downloadedBytes: 8 * GB, totalBytes: 8 * GB } as const
  world.apply({ type: 'NodeDownloadProgress', nodeId, modelId: SMALL, download: whole })
  return { world, nodeId, id, draftModelId }
}
