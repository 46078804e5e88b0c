import type { Attachment } from 'svelte/attachments'
import { dragsModel } from '../cluster/dragging'
import type { Launches } from './launches.svelte'
import type { PlaceableModel } from './targets'

/** Makes a listed model draggable onto machines. */
export const dragsToLaunch = (
  launches: Pick<Launches, 'drag' | 'drop'>,
  model: PlaceableModel,
): Attachment<HTMLElement> =>
  dragsModel(model.modelId, { begin: () => launches.drag(model), end: () => launches.drop() })
