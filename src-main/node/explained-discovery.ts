import type { NodeSettings } from '@core/settings/node'
import { holdsDiscovery } from '@core/setup/progress'
import { SETUP_BEGINNING } from '@core/settings/setup-progress'

/** Whether the setup still has to explain discovery to the user. */
export const setupHoldsDiscovery = ({ offerSetup, setup }: NodeSettings): boolean =>
  offerSetup && holdsDiscovery(setup ?? SETUP_BEGINNING)

/**
 * Announces this machine once the setup has explained why: the first announcement makes macOS ask for permission to use
 * the local network. Returns the unsubscribe function.
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
