import { z } from 'zod'

/**
 * What the desktop app's window can ask of the app, and nothing more: everything else goes over the
 * API like in a browser. Both sides check by these schemas.
 */
export const desktopBridge = {
  /** Where the node's API is. */
  apiAccess: { request: z.undefined(), answer: z.object({ url: z.url() }) },
  /** Whether Muster starts when the person logs in. */
  loginItem: {
    request: z.object({ openAtLogin: z.boolean().optional() }),
    answer: z.object({ openAtLogin: z.boolean() }),
  },
} as const

export type DesktopBridge = typeof desktopBridge
export type BridgeMethod = keyof DesktopBridge

/** `window.muster` as the window sees it. */
export type DesktopApi = {
  readonly [Method in BridgeMethod]: (
    ...request: undefined extends z.infer<DesktopBridge[Method]['request']>
      ? []
      : [z.infer<DesktopBridge[Method]['request']>]
  ) => Promise<z.infer<DesktopBridge[Method]['answer']>>
}

/** The channel that a method's messages travel on. */
export const bridgeChannel = (method: BridgeMethod): string => `muster:${method}`
