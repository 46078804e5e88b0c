import { z } from 'zod'

const Commands = z.array(z.string().max(200)).max(200)

/** What there is to do about Thunderbolt ports in a bridge on this machine, and how what was asked for went. */
export const BridgedPortsAnswer = z.strictObject({
  /** Why it cannot be done here; then there is nothing to do. */
  unavailable: z.string().optional(),
  /** Takes the ports out that lie in a bridge now. */
  release: Commands,
  /** Puts back what was taken out and is still out. */
  undo: Commands,
  /** `shown`: nothing was run. `changed`: nothing either, for these are not the commands that the person saw. */
  outcome: z.enum(['shown', 'done', 'declined', 'changed', 'failed']),
  problem: z.string().optional(),
})
export type BridgedPortsAnswer = z.infer<typeof BridgedPortsAnswer>

/** Commands are run only as they were shown: whoever asks says them back. */
export const BridgedPortsRequest = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('show') }),
  z.strictObject({ action: z.literal('release'), commands: Commands }),
  z.strictObject({ action: z.literal('undo'), commands: Commands }),
])
export type BridgedPortsRequest = z.infer<typeof BridgedPortsRequest>

/**
 * What the desktop app's window can ask of the app, and nothing more: everything else goes over the
 * API like in a browser. Both sides check by these schemas.
 */
export const desktopBridge = {
  /** Where the node's API is. What signs the window in there is added outside the page, which never sees it. */
  apiAccess: { request: z.undefined(), answer: z.strictObject({ url: z.url() }) },
  /** Whether Muster starts when the person logs in; with `openAtLogin` in the request, sets it first. */
  loginItem: {
    request: z.strictObject({ openAtLogin: z.boolean().optional() }),
    answer: z.strictObject({
      openAtLogin: z.boolean(),
      /** Whether it can be set here: by an installed app, on a system that has such a thing. */
      available: z.boolean(),
    }),
  },
  /** Takes this Mac's Thunderbolt ports out of their bridge, or puts them back: macOS asks for an administrator. */
  bridgedPorts: { request: BridgedPortsRequest, answer: BridgedPortsAnswer },
} as const

export type DesktopBridge = typeof desktopBridge
export type BridgeMethod = keyof DesktopBridge
export type BridgeRequest<Method extends BridgeMethod> = z.infer<DesktopBridge[Method]['request']>
export type BridgeAnswer<Method extends BridgeMethod> = z.infer<DesktopBridge[Method]['answer']>

/** `window.muster` as the window sees it. */
export type DesktopApi = {
  readonly [Method in BridgeMethod]: (
    ...request: undefined extends BridgeRequest<Method> ? [] : [BridgeRequest<Method>]
  ) => Promise<BridgeAnswer<Method>>
}

/** The channel that a method's messages travel on. */
export const bridgeChannel = (method: BridgeMethod): string => `muster:${method}`
