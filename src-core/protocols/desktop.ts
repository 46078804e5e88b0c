import { z } from 'zod'
import { ModelProblemCode } from '../placement/model-card'
import { LanguageChoice } from '../texts/language'

const Commands = z.array(z.string().max(200)).max(200)

/** What can be done about Thunderbolt ports in a bridge on this machine, and the outcome of the request. */
export const BridgedPortsAnswer = z.strictObject({
  /** Why it cannot be done here; then the command lists are empty. */
  unavailable: z.string().optional(),
  /** Commands that take the ports out of their bridge. */
  release: Commands,
  /** Commands that put back the ports taken out earlier. */
  undo: Commands,
  /** `shown`: nothing was run. `changed`: nothing was run either, because the commands differ from those shown. */
  outcome: z.enum(['shown', 'done', 'declined', 'changed', 'failed']),
  problem: z.string().optional(),
})
export type BridgedPortsAnswer = z.infer<typeof BridgedPortsAnswer>

/** Commands run only as shown: the request must repeat them. */
export const BridgedPortsRequest = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('show') }),
  z.strictObject({ action: z.literal('release'), commands: Commands }),
  z.strictObject({ action: z.literal('undo'), commands: Commands }),
])
export type BridgedPortsRequest = z.infer<typeof BridgedPortsRequest>

/** Kinds of system notifications, each with a switch. */
export const NoticeKind = z.enum(['joins', 'models', 'downloads', 'updates'])
export type NoticeKind = z.infer<typeof NoticeKind>

/** Settings of the desktop app on this machine; a headless node has none. */
export const DesktopPreferences = z.object({
  notify: z
    .object({
      /** A machine asks to join. */
      joins: z.boolean().default(true),
      /** A declared model stopped answering, or answers again. */
      models: z.boolean().default(true),
      /** A download finished while the window was in the background. */
      downloads: z.boolean().default(true),
      /** A new version of Muster is available. */
      updates: z.boolean().default(true),
    })
    .prefault({}),
  /** Check for new versions, download them, and install them when idle or on quit. */
  autoUpdate: z.boolean().default(true),
  /** On macOS: show in the Dock, in addition to the menu bar. */
  dockIcon: z.boolean().default(true),
  /** Language of menus, notifications and dialogs; kept equal to the window's. */
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

/** State of the app's update. `part` is the downloaded fraction, 0 to 1. */
export const UpdateStatus = z.discriminatedUnion('state', [
  /** Run from sources; built without an update feed; or not installed from a package. */
  z.strictObject({ state: z.literal('unavailable'), why: z.enum(['sources', 'feed', 'package']) }),
  z.strictObject({ state: z.literal('idle') }),
  z.strictObject({ state: z.literal('checking') }),
  z.strictObject({ state: z.literal('downloading'), version: z.string(), part: z.number().min(0).max(1) }),
  /** Installed when the app quits. */
  z.strictObject({ state: z.literal('ready'), version: z.string() }),
  z.strictObject({ state: z.literal('failed'), reason: z.string() }),
])
export type UpdateStatus = z.infer<typeof UpdateStatus>

/** Why the command line tool was not installed or removed. */
export const CommandLineProblem = z.discriminatedUnion('kind', [
  /** Another program uses the name there. */
  z.strictObject({ kind: z.literal('taken'), path: z.string() }),
  /** Needs administrator rights; `command` does it. */
  z.strictObject({ kind: z.literal('unwritable'), folders: z.array(z.string()), command: z.string().optional() }),
])
export type CommandLineProblem = z.infer<typeof CommandLineProblem>

/** Whether the command `muster` of this app is on the shell's path. */
export const CommandLineToolAnswer = z.discriminatedUnion('state', [
  /** Run from sources. */
  z.strictObject({ state: z.literal('unavailable') }),
  /** Installed and removed by the system's package manager. */
  z.strictObject({ state: z.literal('package') }),
  z.strictObject({ state: z.literal('absent'), problem: CommandLineProblem.optional() }),
  z.strictObject({
    state: z.literal('installed'),
    path: z.string(),
    /** Whether the folder is on the app's own PATH; a shell may have another. */
    isFound: z.boolean(),
    problem: CommandLineProblem.optional(),
  }),
])
export type CommandLineToolAnswer = z.infer<typeof CommandLineToolAnswer>

/** Result of dropping a model's folder on the window; `known`: already in the catalogue. */
/** Why a folder is not added: `place` names the folder, the file, or the id that it would have. */
export const FolderRefusal = z.discriminatedUnion('why', [
  z.strictObject({ why: z.enum(['unreadable', 'file', 'no_model', 'bad_id', 'taken']), place: z.string() }),
  /** The model is damaged or of a kind that does not run here; the text is English. */
  z.strictObject({ why: z.literal('problem'), problem: z.string(), problemCode: ModelProblemCode.optional() }),
])
export type FolderRefusal = z.infer<typeof FolderRefusal>

export const DroppedFolderAnswer = z.discriminatedUnion('status', [
  z.strictObject({ status: z.enum(['added', 'known']), modelId: z.string() }),
  z.strictObject({ status: z.literal('refused'), refusal: FolderRefusal }),
  /** Nothing was dropped, or more than one item. */
  z.strictObject({ status: z.literal('none') }),
])
export type DroppedFolderAnswer = z.infer<typeof DroppedFolderAnswer>

/**
 * Everything that the window may ask of the desktop app; all else goes over the HTTP API, as in a browser. Both sides
 * validate with these schemas.
 */
export const desktopBridge = {
  /** Base URL of the node's API. The credential is added outside the page, which never sees it. */
  apiAccess: { request: z.undefined(), answer: z.strictObject({ url: z.url() }) },
  /** Whether Muster starts at login; `openAtLogin` in the request sets it first. */
  loginItem: {
    request: z.strictObject({ openAtLogin: z.boolean().optional() }),
    answer: z.strictObject({
      openAtLogin: z.boolean(),
      /** Whether it can be set: installed app, on a system that supports it. */
      available: z.boolean(),
    }),
  },
  /** Takes this Mac's Thunderbolt ports out of their bridge, or puts them back; macOS asks for an administrator. */
  bridgedPorts: { request: BridgedPortsRequest, answer: BridgedPortsAnswer },
  /** Reads the app's preferences, after applying the changes in the request. */
  preferences: {
    request: DesktopPreferencesChanges,
    answer: z.strictObject({
      preferences: DesktopPreferences,
      /** Whether the system has a Dock. */
      hasDock: z.boolean(),
    }),
  },
  /** Shows the update's state, checks for one, or quits and installs it. */
  update: {
    request: z.strictObject({ action: z.enum(['show', 'check', 'install']) }),
    answer: UpdateStatus,
  },
  /** Installs or removes the command `muster`. The page chooses neither the file nor the folder. */
  commandLineTool: {
    request: z.strictObject({ action: z.enum(['show', 'install', 'remove']) }),
    answer: CommandLineToolAnswer,
  },
  /** Adds a model's folder. The preload supplies the path, which it gets from the system; the page cannot name one. */
  addFolder: { request: z.strictObject({ path: z.string().min(1).max(4096) }), answer: DroppedFolderAnswer },
} as const

export type DesktopBridge = typeof desktopBridge
export type BridgeMethod = keyof DesktopBridge
export type BridgeRequest<Method extends BridgeMethod> = z.infer<DesktopBridge[Method]['request']>
export type BridgeAnswer<Method extends BridgeMethod> = z.infer<DesktopBridge[Method]['answer']>

/** Methods exposed to the page as they are; the preload calls the rest. */
type PageMethod = Exclude<BridgeMethod, 'addFolder'>

/** `window.muster` as the window sees it. */
export type DesktopApi = {
  readonly [Method in PageMethod]: (
    ...request: undefined extends BridgeRequest<Method> ? [] : [BridgeRequest<Method>]
  ) => Promise<BridgeAnswer<Method>>
} & {
  /** Adds the folder dropped on the window last; works once per drop. */
  readonly addDroppedFolder: () => Promise<DroppedFolderAnswer>
}

/** IPC channel of a method. */
export const bridgeChannel = (method: BridgeMethod): string => `muster:${method}`
