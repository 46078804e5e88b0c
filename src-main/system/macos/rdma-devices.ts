import type { RdmaDevice } from '@core/state/rdma'

/** Parses `ibv_devices` into device names. With RDMA off it prints only a heading. */
export const parseIbvDevices = (text: string): string[] =>
  [...text.matchAll(/^\s+(\S+)\s+[0-9a-f]{16}\s*$/gim)].flatMap(([, name]) => name ?? [])

/** A device in the output of `ibv_devinfo`. */
export interface ShownDevice {
  readonly name: string
  readonly port: RdmaDevice['port']
  /** Whether one of its GIDs is an IPv4 address; undefined without the table (`-v`). */
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

/** Parses `ibv_devinfo`, of one device or of all, with or without `-v`. */
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
