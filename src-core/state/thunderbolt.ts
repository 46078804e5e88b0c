import { z } from 'zod'

/** Speed in Gb/s as macOS reports it: 40 is Thunderbolt 4 (or 3), 80 and more is Thunderbolt 5. */
const Gbps = z.number().positive()

/** Another Mac at the end of a cable. */
export const ThunderboltPeer = z.object({
  /** Domain of the peer's end. The peer reports ours likewise, which identifies the two connected ports. */
  domainUuid: z.string(),
  /** Hardware model: `Mac15,14`. */
  model: z.string().optional(),
  /** Whether a dock or another device is in between. */
  throughDock: z.boolean(),
  /** Speed of the slowest segment, if a dock is in between and reports it. */
  linkGbps: Gbps.optional(),
})
export type ThunderboltPeer = z.infer<typeof ThunderboltPeer>

export const ThunderboltPort = z.object({
  /** N of the hardware port `Thunderbolt N`; numbers may have gaps. */
  receptacle: z.number().int().positive(),
  /** `en3`; interfaces and receptacles are numbered in different orders. */
  interfaceName: z.string().optional(),
  /** Domain of this end. */
  domainUuid: z.string().optional(),
  linkGbps: Gbps.optional(),
  maxGbps: Gbps.optional(),
  peers: z.array(ThunderboltPeer),
})
export type ThunderboltPort = z.infer<typeof ThunderboltPort>

export const NetworkBridge = z.object({ name: z.string(), members: z.array(z.string()), active: z.boolean() })
export type NetworkBridge = z.infer<typeof NetworkBridge>

/** A Mac's Thunderbolt ports, and the bridges that macOS adds their interfaces to. */
export const ThunderboltFacts = z.object({ ports: z.array(ThunderboltPort), bridges: z.array(NetworkBridge) })
export type ThunderboltFacts = z.infer<typeof ThunderboltFacts>
