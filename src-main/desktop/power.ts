import { powerMonitor, powerSaveBlocker } from 'electron'
import type { NodeOptions } from '../node/index'

/** Prevents sleep through Electron; ends with the app. */
export const electronPower = (): NonNullable<NodeOptions['power']> => ({
  preventSleep: () => {
    const id = powerSaveBlocker.start('prevent-app-suspension')
    return { onLost: () => undefined, release: () => void powerSaveBlocker.stop(id) }
  },
  onBattery: () => Promise.resolve(powerMonitor.isOnBatteryPower()),
})
