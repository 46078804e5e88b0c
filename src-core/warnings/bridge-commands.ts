import { z } from 'zod'

/** Interface names are used in shell commands only in these forms; they may come from other machines. */
export const BridgeName = z.string().regex(/^bridge\d{1,3}$/)
export const PortInterface = z.string().regex(/^en\d{1,3}$/)

/** Ports taken out of a bridge, or to be taken out. */
export const BridgePorts = z.strictObject({ bridge: BridgeName, interfaces: z.array(PortInterface).min(1).max(32) })
export type BridgePorts = z.infer<typeof BridgePorts>

/**
 * Returns the commands that take ports out of a running bridge and let each get its own address, which RDMA needs
 * (Apple TN3205). They change the running system only, no setting: a restart brings the bridge back. The address comes
 * from DHCP; without a server macOS assigns a link-local one (169.254.x.y).
 */
export const releaseCommands = ({ bridge, interfaces }: BridgePorts): string[] => [
  ...interfaces.map((name) => `/sbin/ifconfig ${bridge} deletem ${name}`),
  ...interfaces.map((name) => `/usr/sbin/ipconfig set ${name} DHCP`),
]

/** Returns the commands that put ports back, without addresses, as members of a bridge have none. */
export const undoCommands = ({ bridge, interfaces }: BridgePorts): string[] => [
  ...interfaces.map((name) => `/usr/sbin/ipconfig set ${name} NONE`),
  ...interfaces.map((name) => `/sbin/ifconfig ${bridge} addm ${name}`),
]

/** Prefixes commands with `sudo`, to be typed into Terminal. */
export const asAdministrator = (commands: readonly string[]): string[] => commands.map((command) => `sudo ${command}`)
