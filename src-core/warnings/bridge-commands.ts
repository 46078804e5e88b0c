import { z } from 'zod'

/** Names of interfaces reach a shell only in these forms, whoever said them. */
export const BridgeName = z.string().regex(/^bridge\d{1,3}$/)
export const PortInterface = z.string().regex(/^en\d{1,3}$/)

/** Ports that were taken, or are to be taken, out of a bridge. */
export const BridgePorts = z.strictObject({ bridge: BridgeName, interfaces: z.array(PortInterface).min(1).max(32) })
export type BridgePorts = z.infer<typeof BridgePorts>

/**
 * Takes ports out of a running bridge and lets each find an address of its own, without which RDMA does not
 * work on it (Apple TN3205). Only the running system is changed, no setting: a restart brings the bridge back.
 * An address comes first of a DHCP server, and where there is none macOS makes one up (169.254.x.y).
 */
export const releaseCommands = ({ bridge, interfaces }: BridgePorts): string[] => [
  ...interfaces.map((name) => `/sbin/ifconfig ${bridge} deletem ${name}`),
  ...interfaces.map((name) => `/usr/sbin/ipconfig set ${name} DHCP`),
]

/** Puts them back, without addresses of their own, which members of a bridge do not have. */
export const undoCommands = ({ bridge, interfaces }: BridgePorts): string[] => [
  ...interfaces.map((name) => `/usr/sbin/ipconfig set ${name} NONE`),
  ...interfaces.map((name) => `/sbin/ifconfig ${bridge} addm ${name}`),
]

/** As a person types them into Terminal. */
export const asAdministrator = (commands: readonly string[]): string[] => commands.map((command) => `sudo ${command}`)
