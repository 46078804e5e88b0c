import { z } from 'zod'
import type { ThunderboltPeer, ThunderboltPort } from '@core/state/thunderbolt'

/** Parses `80 Gb/s` and `Up to 120 Gb/s`. */
const gbps = (text: string | undefined): number | undefined => {
  const number = /([\d.]+) Gb\/s/.exec(text ?? '')?.[1]
  return number === undefined ? undefined : Number(number)
}

const Receptacle = z.object({
  current_speed_key: z.string().optional(),
  receptacle_id_key: z.string().optional(),
  receptacle_status_key: z.string().optional(),
})
type Receptacle = z.infer<typeof Receptacle>

/** A bus of this machine, a device on it, or another Mac. Each receptacle has a key of its own. */
const Item = z.looseObject({
  domain_uuid_key: z.string().optional(),
  device_name_key: z.string().optional(),
  get _items() {
    return z.array(Item).optional()
  },
})
type Item = z.infer<typeof Item>

const Report = z.object({ SPThunderboltDataType: z.array(Item) })

const isConnected = ({ receptacle_status_key: status }: Receptacle): boolean => status === 'receptacle_connected'

/** Values of all keys that match, such as `receptacle_1_tag` and `receptacle_upstream_ambiguous_tag`. */
const receptacles = (item: Item, key: RegExp): Receptacle[] =>
  Object.entries(item).flatMap(([name, value]) => {
    const parsed = key.test(name) ? Receptacle.safeParse(value) : undefined
    return parsed?.success === true ? [parsed.data] : []
  })

const least = (...speeds: readonly (number | undefined)[]): number | undefined => {
  const known = speeds.filter((speed) => speed !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** A dock's speed: upstream, and of its fastest downstream port in use; the report does not say which one leads on. */
const dockSpeed = (dock: Item): number | undefined => {
  const [up] = receptacles(dock, /^receptacle_upstream_/).filter(isConnected)
  const down = receptacles(dock, /^receptacle_\d+_tag$/)
    .filter(isConnected)
    .flatMap(({ current_speed_key: speed }) => gbps(speed) ?? [])
  return least(gbps(up?.current_speed_key), down.length === 0 ? undefined : Math.max(...down))
}

/** The Macs on a bus, through any number of docks. Only a Mac has a domain of its own. */
const peersBelow = (items: readonly Item[], way?: { readonly gbps: number | undefined }): ThunderboltPeer[] =>
  items.flatMap((item) => {
    const { domain_uuid_key: domainUuid, device_name_key: model, _items: below = [] } = item
    if (domainUuid === undefined) return peersBelow(below, { gbps: least(way?.gbps, dockSpeed(item)) })
    return [
      {
        domainUuid,
        ...(model !== undefined && { model }),
        throughDock: way !== undefined,
        ...(way?.gbps !== undefined && { linkGbps: way.gbps }),
      },
    ]
  })

const portsOf = (bus: Item): ThunderboltPort[] =>
  receptacles(bus, /^receptacle_\d+_tag$/).flatMap((receptacle): ThunderboltPort[] => {
    const number = Number(receptacle.receptacle_id_key)
    if (!Number.isInteger(number) || number < 1) return []
    const speed = gbps(receptacle.current_speed_key)
    const connected = isConnected(receptacle)
    return [
      {
        receptacle: number,
        ...(bus.domain_uuid_key !== undefined && { domainUuid: bus.domain_uuid_key }),
        ...(speed !== undefined && (connected ? { linkGbps: speed } : { maxGbps: speed })),
        peers: connected
          ? peersBelow(bus._items ?? []).map((peer) => {
              const slowest = peer.throughDock ? least(peer.linkGbps, speed) : undefined
              return { ...peer, ...(slowest !== undefined && { linkGbps: slowest }) }
            })
          : [],
      },
    ]
  })

const json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Parses `system_profiler SPThunderboltDataType -json`: ports in order of number, with the Macs at their other ends.
 * Undefined if the text is no such report; a machine without ports, such as a virtual one, has an empty list. The
 * report does not contain the ports' network interfaces.
 */
export const parseThunderbolt = (text: string): ThunderboltPort[] | undefined => {
  const report = Report.safeParse(json(text))
  if (!report.success) return undefined
  return report.data.SPThunderboltDataType.flatMap(portsOf).sort((a, b) => a.receptacle - b.receptacle)
}
