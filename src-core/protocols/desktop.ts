import { z } from 'zod'

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
