import { isLive } from '@core/state/tasks'
import { carryOut } from '../commands'
import type { ApiContext } from '../context'
import { Problem } from '../problem'
import { servable, servedModel } from '../served-models'

/**
 * Unloads a model that was loaded on request: at once, or after the answers in progress. Declared models stay. Throws
 * Problem for an unknown model.
 */
export const unload = async (context: ApiContext, name: string): Promise<void> => {
  const served = servedModel(servable(context), name)
  if (!served)
    throw new Problem(404, 'model_not_found', `model "${name}" not found`, {
      hint: 'GET /api/tags lists the available models.',
    })
  const { tasks } = context.source.state()
  const { metaInstances, instances } = served.target
  for (const { metaInstanceId } of metaInstances.filter(({ onRequest }) => onRequest)) {
    const own = instances.filter((instance) => instance.metaInstanceId === metaInstanceId)
    const busy = Object.values(tasks).some(
      (task) => isLive(task) && own.some(({ instanceId }) => instanceId === task.instanceId),
    )
    await carryOut(
      context,
      busy
        ? { type: 'UpdateMetaInstance', metaInstanceId, changes: { onRequest: { idleSeconds: 0 } } }
        : { type: 'DeleteMetaInstance', metaInstanceId },
    )
  }
}
