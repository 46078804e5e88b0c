import { z } from 'zod'

/** Speeds in Gb/s, as macOS gives them: 40 is Thunderbolt 4 (or 3), 80 and more Thunderbolt 5. */
const Gbps = z.number().positive()

/** Another Mac at the end of a cable. */
export const ThunderboltPeer = z.object({
  /** Of the peer's own end; that machine names ours likewise, so the two tell which ports are joined. */
  domainUuid: z.string(),
  /** The peer's model id: `Mac15,14`. */
  model: z.string().optional(),
  /** There is a dock or another device in between. */
  throughDock: z.boolean(),
  /** Of the slowest part of the way there, where a dock is in between and says so. */
  linkGbps: Gbps.optional(),
})
export type ThunderboltPeer = z.infer<typeof ThunderboltPeer>

export const ThunderboltPort = z.object({
  /** N of the hardware port `Thunderbolt N`; the numbers need not be contiguous. */
  receptacle: z.number().int().positive(),
  /** `en3`; the order of interfaces is not the order of receptacles. */
  interfaceName: z.string().optional(),
  /** Of this end. */
  domainUuid: z.string().optional(),
  linkGbps: Gbps.optional(),
  maxGbps: Gbps.optional(),
  peers: z.array(ThunderboltPeer),
})
export type ThunderboltPort = z.infer<typeof ThunderboltPort>

export const NetworkBridge = z.object({ name: z.string(), members: z.array(z.string()), active: z.boolean() })
export type NetworkBridge = z.infer<typeof NetworkBridge>

/** A Mac's Thunderbolt ports, and the bridges that macOS puts their interfaces into. */
export const ThunderboltFacts = z.object({ ports: z.array(ThunderboltPort), bridges: z.array(NetworkBridge) })
export type ThunderboltFacts = z.infer<typeof ThunderboltFacts>
