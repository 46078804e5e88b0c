import { z } from 'zod'
import { LanguageChoice } from '../texts/language'

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

/** What a person is told of by a notification of the system, each with a switch. */
export const NoticeKind = z.enum(['joins', 'models', 'downloads', 'updates'])
export type NoticeKind = z.infer<typeof NoticeKind>

/** What is set for the desktop app on this machine; a node without a window has none of it. */
export const DesktopPreferences = z.object({
  notify: z
    .object({
      /** A machine asks to join. */
      joins: z.boolean().default(true),
      /** A declared model does not answer any more, or does again. */
      models: z.boolean().default(true),
      /** A download has ended while the window was not looked at. */
      downloads: z.boolean().default(true),
      /** A newer Muster is there. */
      updates: z.boolean().default(true),
    })
    .prefault({}),
  /** Look for newer versions, fetch them, and install them when nothing is going on or the app quits. */
  autoUpdate: z.boolean().default(true),
  /** On macOS: also in the Dock, beside the menu bar. */
  dockIcon: z.boolean().default(true),
  /** Of menus, notifications and questions; the window sets it with its own. */
  language: LanguageChoice.default('system'),
})
export type DesktopPreferences = z.infer<typeof DesktopPreferences>

export const DesktopPreferencesChanges = z.strictObject({
  notify: z
    .strictObject({
      joins: z.boolean().optional(),
      models: z.boolean().optional(),
      downloads: z.boolean().optional(),
      updates: z.boolean().optional(),
    })
    .optional(),
  autoUpdate: z.boolean().optional(),
  dockIcon: z.boolean().optional(),
  language: LanguageChoice.optional(),
})
export type DesktopPreferencesChanges = z.infer<typeof DesktopPreferencesChanges>

/** How an update of the app gets on. `part` is from 0 to 1. */
export const UpdateStatus = z.discriminatedUnion('state', [
  /** Started from its sources; built without an address for updates; not installed from a package. */
  z.strictObject({ state: z.literal('unavailable'), why: z.enum(['sources', 'feed', 'package']) }),
  z.strictObject({ state: z.literal('idle') }),
  z.strictObject({ state: z.literal('checking') }),
  z.strictObject({ state: z.literal('downloading'), version: z.string(), part: z.number().min(0).max(1) }),
  /** It is installed when the app quits. */
  z.strictObject({ state: z.literal('ready'), version: z.string() }),
  z.strictObject({ state: z.literal('failed'), reason: z.string() }),
])
export type UpdateStatus = z.infer<typeof UpdateStatus>

/** Why the command line tool was not put on the path, or not removed. */
export const CommandLineProblem = z.discriminatedUnion('kind', [
  /** Another program has its name there. */
  z.strictObject({ kind: z.literal('taken'), path: z.string() }),
  /** `command` does it as administrator. */
  z.strictObject({ kind: z.literal('unwritable'), folders: z.array(z.string()), command: z.string().optional() }),
])
export type CommandLineProblem = z.infer<typeof CommandLineProblem>

/** Whether shells know the command `muster` of this app. */
export const CommandLineToolAnswer = z.discriminatedUnion('state', [
  /** Started from its sources. */
  z.strictObject({ state: z.literal('unavailable') }),
  /** The system's package has put it there, and removes it. */
  z.strictObject({ state: z.literal('package') }),
  z.strictObject({ state: z.literal('absent'), problem: CommandLineProblem.optional() }),
  z.strictObject({
    state: z.literal('installed'),
    path: z.string(),
    /** Whether that folder is on the app's own search path; a shell may have another. */
    isFound: z.boolean(),
    problem: CommandLineProblem.optional(),
  }),
])
export type CommandLineToolAnswer = z.infer<typeof CommandLineToolAnswer>

/** What became of a model's folder that was dropped on the window; `known`: it was in the catalogue already. */
export const DroppedFolderAnswer = z.discriminatedUnion('status', [
  z.strictObject({ status: z.enum(['added', 'known']), modelId: z.string() }),
  z.strictObject({ status: z.literal('refused'), reason: z.string(), hint: z.string() }),
  /** Nothing was dropped, or more than one thing. */
  z.strictObject({ status: z.literal('none') }),
])
export type DroppedFolderAnswer = z.infer<typeof DroppedFolderAnswer>

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
  /** What is set for the app; with changes in the request, sets them first. */
  preferences: {
    request: DesktopPreferencesChanges,
    answer: z.strictObject({
      preferences: DesktopPreferences,
      /** There is a Dock here. */
      hasDock: z.boolean(),
    }),
  },
  /** The app's own update: how it gets on; looks for one, or quits and installs it. */
  update: {
    request: z.strictObject({ action: z.enum(['show', 'check', 'install']) }),
    answer: UpdateStatus,
  },
  /** Puts the command `muster` on the path of shells, or takes it away. The page says neither what nor where. */
  commandLineTool: {
    request: z.strictObject({ action: z.enum(['show', 'install', 'remove']) }),
    answer: CommandLineToolAnswer,
  },
  /** Adds a model's folder. Its path is the preload's to say, which has it from the system: the page names none. */
  addFolder: { request: z.strictObject({ path: z.string().min(1).max(4096) }), answer: DroppedFolderAnswer },
} as const

export type DesktopBridge = typeof desktopBridge
export type BridgeMethod = keyof DesktopBridge
export type BridgeRequest<Method extends BridgeMethod> = z.infer<DesktopBridge[Method]['request']>
export type BridgeAnswer<Method extends BridgeMethod> = z.infer<DesktopBridge[Method]['answer']>

/** What the page asks as it is; the rest is asked by the preload. */
type PageMethod = Exclude<BridgeMethod, 'addFolder'>

/** `window.muster` as the window sees it. */
export type DesktopApi = {
  readonly [Method in PageMethod]: (
    ...request: undefined extends BridgeRequest<Method> ? [] : [BridgeRequest<Method>]
  ) => Promise<BridgeAnswer<Method>>
} & {
  /** Adds the folder that a person has dropped on the window last; each can be asked for once. */
  readonly addDroppedFolder: () => Promise<DroppedFolderAnswer>
}

/** The channel that a method's messages travel on. */
export const bridgeChannel = (method: BridgeMethod): string => `muster:${method}`
