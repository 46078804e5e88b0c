import type { NodeSettings } from '@core/settings/node'
import { holdsDiscovery } from '@core/setup/progress'
import { SETUP_BEGINNING } from '@core/settings/setup-progress'

/** Whether the setup has still to explain why this machine looks for others. */
export const setupHoldsDiscovery = ({ offerSetup, setup }: NodeSettings): boolean =>
  offerSetup && holdsDiscovery(setup ?? SETUP_BEGINNING)

/**
 * Announces this machine as soon as the setup has explained why: at the first announcement macOS asks whether Muster
 * may use the local network. Returns the way to stop.
 */
export const announceOnceExplained = (
  settings: { subscribe(listener: () => void): () => void },
  { explainsFirst, announce }: { explainsFirst: () => boolean; announce: () => void },
): (() => void) => {
  let waits = explainsFirst()
  return settings.subscribe(() => {
    const waited = waits
    waits = explainsFirst()
    if (waited && !waits) announce()
  })
}
