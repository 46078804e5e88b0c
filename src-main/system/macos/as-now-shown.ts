import type { RdmaDevice } from '@core/state/rdma'
import type { NetworkBridge } from '@core/state/thunderbolt'
import type { PortFacts } from '../facts'
import type { ShownInterface } from './ifconfig'

export const bridgesIn = (shown: readonly ShownInterface[]): NetworkBridge[] =>
  shown
    .filter(({ members }) => members.length > 0)
    .map(({ name, members, active }) => ({ name, members: [...members], active: active === true }))

/**
 * Corrects an earlier reading of ports and devices by newer output of `ifconfig`. It only takes away: whether a device
 * works again can be read only from the device.
 */
export const asNowShown = ({ thunderbolt, rdma }: PortFacts, shown: readonly ShownInterface[]): PortFacts => {
  const device = (known: RdmaDevice): RdmaDevice => {
    const own = shown.find(({ name }) => name === known.interfaceName)
    if (!own) return known
    return {
      ...known,
      port: own.active === false && known.port === 'active' ? 'down' : known.port,
      hasAddress: known.hasAddress && own.addresses.length > 0,
    }
  }
  return {
    thunderbolt: { ...thunderbolt, bridges: bridgesIn(shown) },
    rdma: { ...rdma, devices: rdma.devices.map(device) },
  }
}
