/**
 * Models on this machine, on other machines and at a hub: the public interface of this folder.
 *
 * In: model folders, which may change at any time; the state; streams to other members; a hub. Out: the catalogue of
 * this machine's models, their cards, files that are fetched, and the progress of that. One download per model runs at a
 * time, from several sources. A crash leaves partial files with a ledger, which the next start continues.
 *
 * 1. A folder with a damaged or incomplete model is no model, and the reason names the file
 *    (`model-directory.test.ts`, `model-directory.property.test.ts`).
 * 2. A file counts once its hash is that of its source; a kill loses none of its complete parts
 *    (`fetching/piecewise-file.test.ts`, `fetching/digest.test.ts`).
 * 3. Nothing is written or deleted through a symbolic link below `DATA/models` (`downloads.test.ts`,
 *    `fetching/piecewise-file.test.ts`).
 * 4. Of several machines that need a model one downloads it from the hub, and none waits for one that does not
 *    (`fetching/single-flight.test.ts`).
 * 5. All downloads share one limit (`fetching/rate-limit.test.ts`).
 */
export { cardFinder, holdersOf } from './card-finder'
export { openCatalogue, type Catalogue } from './catalogue'
export { DownloadError, Downloads } from './downloads'
export { modelsElsewhere } from './elsewhere'
export { Fetcher } from './fetching/fetcher'
export { peerSource } from './fetching/peer-source'
export { RateLimit } from './fetching/rate-limit'
export { sharing } from './fetching/sharing'
export { ClusterSingleFlight } from './fetching/single-flight'
export { linkModelFolder, type LinkedFolder } from './folder-link'
export { hubEndpoint, isOfflineBy } from './hub/endpoint'
export { Hub } from './hub/hub'
export { HubError } from './hub/hub-error'
export { hubSource } from './hub/hub-source'
export { openNetwork } from './hub/network'
export { huggingFaceCache } from './stores/hugging-face-cache'
export { shareWithHuggingFace } from './hugging-face-share'
export { LastHolders } from './last-holders'
export { ensureStarter, STARTER_MODEL } from './starter'
export { starterSource } from './starter-source'
export { modelFolders, unusableFolders } from './stores/stores'
