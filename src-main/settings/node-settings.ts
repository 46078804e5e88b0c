import { NodeSettings, NodeSettingsChanges } from '@core/settings/node'
import { join } from 'node:path'
import { settingsFromEnvironment } from './environment'
import { SettingsError } from './settings-error'
import { shownValue } from './shown-value'
import { readSettingsFile, writeSettingsFile, type Stored } from './settings-file'

export interface NodeSettingsOptions {
  readonly dataDir: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Settings from the command line. Precedence: command line, environment, file, defaults. */
  readonly flags?: NodeSettingsChanges
  /** Receives one sentence per problem in the file. */
  onWarning(warning: string): void
  readonly now?: () => number
}

/** A setting that is `undefined` returns to its default. */
export type SettingsUpdate = { readonly [Name in keyof NodeSettingsChanges]?: NodeSettingsChanges[Name] | undefined }

export interface NodeSettingsStore {
  readonly path: string
  /** The settings in force. */
  current(): NodeSettings
  /** The settings in force when this was opened; listening addresses and ports come from these. */
  atStart(): NodeSettings
  /** Names of settings that the command line or the environment overrides for this run. */
  fixed(): readonly string[]
  /** Writes changes to disk, then applies them. Fields unknown to this version stay in the file. */
  update(changes: SettingsUpdate): Promise<NodeSettings>
  /** Resolves when the updates made so far are applied, or have failed. */
  settled(): Promise<void>
  /** Calls the listener after each update. Returns the unsubscribe function. */
  subscribe(listener: (settings: NodeSettings) => void): () => void
}

const defined = (changes: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))

const checked = (changes: Record<string, unknown>): NodeSettingsChanges => {
  const parsed = NodeSettingsChanges.safeParse(changes)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new SettingsError({
    code: 'invalid_setting',
    message: `The setting "${issue?.path.join('.') ?? ''}" cannot be changed: ${issue?.message ?? 'not usable'}.`,
    hint: 'Nothing was changed. Give a valid value.',
    cause: parsed.error,
  })
}

/** Options of the command line that are not spelled as their setting. */
const OPTIONS: Readonly<Record<string, string>> = {
  friendlyName: '--name',
  allowedHosts: '--allow-host',
  allowedOrigins: '--allow-origin',
  peers: '--peer',
  onRequestIdleSeconds: '--on-request-idle',
  diskCacheGigabytes: '--disk-cache',
}

const optionOf = (name: string): string =>
  OPTIONS[name] ?? `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

const checkedFlags = (flags: object = {}): NodeSettingsChanges => {
  const given = defined(flags)
  const { data, error } = NodeSettingsChanges.safeParse(given)
  if (error === undefined) return data
  const issue = error.issues[0]
  const name = String(issue?.path[0])
  throw new SettingsError({
    code: 'invalid_setting',
    message: `${optionOf(name)} is set to ${shownValue(name, given[name])}, which cannot be used: ${issue?.message ?? ''}.`,
    hint: `Correct ${optionOf(name)} and start again.`,
    cause: error,
  })
}

/**
 * Opens this node's settings in `<data-dir>/settings.json`. Overrides from the environment and the command line hold
 * for this run only and are never written.
 *
 * @throws SettingsError `invalid_setting` for a variable, an option or a change that cannot be used
 */
export const openNodeSettings = async (options: NodeSettingsOptions): Promise<NodeSettingsStore> => {
  const overrides = { ...settingsFromEnvironment(options.env), ...checkedFlags(options.flags) }
  const path = join(options.dataDir, 'settings.json')
  const read = await readSettingsFile(path, { now: options.now ?? Date.now })
  for (const warning of read.warnings) options.onWarning(warning)

  let stored: Stored = read.stored
  let kept: NodeSettingsChanges = read.settings
  let settings = NodeSettings.parse({ ...kept, ...overrides })
  const first = settings
  const listeners = new Set<(settings: NodeSettings) => void>()
  let lastUpdate: Promise<unknown> = Promise.resolve()

  const apply = async (changes: SettingsUpdate): Promise<NodeSettings> => {
    const next = checked(defined({ ...kept, ...changes }))
    const changed = { ...stored, ...changes }
    await writeSettingsFile(path, defined(changed))
    stored = changed
    kept = next
    settings = NodeSettings.parse({ ...kept, ...overrides })
    for (const listener of listeners) listener(settings)
    return settings
  }

  return {
    path,
    current: () => settings,
    atStart: () => first,
    fixed: () => Object.keys(overrides),
    update: (changes) => {
      // Updates are serialised: concurrent writers would lose each other's changes.
      const update = lastUpdate.then(() => apply(changes))
      lastUpdate = update.catch(() => undefined)
      return update
    },
    settled: async () => void (await lastUpdate),
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
