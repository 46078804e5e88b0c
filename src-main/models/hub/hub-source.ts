import type { ModelId } from '@core/ids'
import type { Source } from '../fetching/source'
import type { Hub } from './hub'
import { filePath, listModel } from './listing'

/** Each has a connection of its own; more of them would only share the line. */
const FILES_AT_ONCE = 3

/** A model as the hub has it: one commit, whose files cannot change while they are fetched. */
export const hubSource = (hub: Hub, modelId: ModelId): Source => ({
  name: hub.name,
  filesAtOnce: FILES_AT_ONCE,
  offer: async (asking) => {
    hub.check()
    const { requests } = hub
    const listing = await listModel(requests, modelId, asking)
    const { files } = listing
    return {
      files,
      read: async ({ name }, offset, signal) => {
        const { status, bytes } = await requests.get({ path: filePath(listing, name), modelId, from: offset, signal })
        return { from: status === 206 ? offset : 0, bytes }
      },
      digest: ({ name }) => {
        const file = files.find((one) => one.name === name)
        return file ? Promise.resolve(file.digest) : Promise.reject(requests.nonsense(`nothing of ${name}`))
      },
    }
  },
})
