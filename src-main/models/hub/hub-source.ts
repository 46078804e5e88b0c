import type { ModelId } from '@core/ids'
import type { Source } from '../fetching/source'
import type { Hub } from './hub'
import type { HubFile } from './listing'

/** The hub throttles each connection, so several are faster; beyond this number they only share the line. */
const CONNECTIONS = 8

/** A model on the hub, at one commit if the hub names commits. */
export const hubSource = (hub: Hub, modelId: ModelId): Source => ({
  name: hub.name,
  connections: CONNECTIONS,
  offer: async (asking) => {
    hub.check()
    const { requests } = hub
    const listing = await hub.list(modelId, asking)
    const { files } = listing
    const fileOf = (name: string): HubFile => {
      const file = files.find((one) => one.name === name)
      if (!file) throw requests.unexpectedAnswer(`no data of ${name}`)
      return file
    }
    return {
      files,
      ...(listing.commit !== undefined && { revision: listing.commit }),
      read: async ({ name, size }, { from, to }, signal) => {
        const range = from === 0 && to === size ? undefined : { from, to }
        return requests.get({ path: listing.pathOf(name), modelId, range, signal })
      },
      digestKind: ({ name }) => fileOf(name).digest.kind,
      digest: async ({ name }) => fileOf(name).digest,
    }
  },
})
