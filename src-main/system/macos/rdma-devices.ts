import type { RdmaDevice } from '@core/state/rdma'

/** Reads `ibv_devices`: the names of the devices, which is only a heading where RDMA is off. */
export const parseIbvDevices = (text: string): string[] =>
  [...text.matchAll(/^\s+(\S+)\s+[0-9a-f]{16}\s*$/gim)].flatMap(([, name]) => name ?? [])

/** A device as `ibv_devinfo` shows it. */
export interface ShownDevice {
  readonly name: string
  readonly port: RdmaDevice['port']
  /** Whether one of its GIDs stands for an IPv4 address; undefined where the table was not asked for (`-v`). */
  readonly hasIpv4Gid: boolean | undefined
}

const portOf = (state: string | undefined): RdmaDevice['port'] => {
  switch (state) {
    case 'PORT_ACTIVE':
      return 'active'
    case 'PORT_DOWN':
      return 'down'
    default:
      return 'unknown'
  }
}

/** Reads `ibv_devinfo`, of one device or of all, with `-v` or without. */
export const parseIbvDevinfo = (text: string): ShownDevice[] =>
  text.split(/^(?=hca_id:)/m).flatMap((block): ShownDevice[] => {
    const name = /^hca_id:\s*(\S+)/.exec(block)?.[1]
    if (name === undefined) return []
    const gids = [...block.matchAll(/^\s*GID\[\s*\d+\]:\s*(\S+)/gm)].flatMap(([, gid]) => gid ?? [])
    return [
      {
        name,
        port: portOf(/^\s*state:\s*(\w+)/m.exec(block)?.[1]),
        hasIpv4Gid: gids.length === 0 ? undefined : gids.some((gid) => /^::ffff:/i.test(gid)),
      },
    ]
  })
