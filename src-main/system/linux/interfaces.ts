import type { InterfaceType } from '@core/state/nodes'
import { access, readlink } from 'node:fs/promises'
import { basename, join } from 'node:path'

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** The type of interface /sys/class/net/NAME. Bridges, tunnels and container ends have no device: unknown. */
const typeOf = async (directory: string): Promise<InterfaceType> => {
  if ((await exists(join(directory, 'wireless'))) || (await exists(join(directory, 'phy80211')))) return 'wifi'
  const driver = await readlink(join(directory, 'device', 'driver')).catch(() => '')
  if (/^thunderbolt[-_]net$/.test(basename(driver))) return 'thunderbolt'
  return (await exists(join(directory, 'device'))) ? 'ethernet' : 'unknown'
}

export const linuxInterfaceTypes = async (
  root: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, InterfaceType>> => {
  const types = names.map(async (name) => [name, await typeOf(join(root, 'sys/class/net', name))] as const)
  return new Map(await Promise.all(types))
}
