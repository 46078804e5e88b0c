import { NodeSettingsChanges } from '@core/settings/node'
import type { z } from 'zod'
import { SettingsError } from './settings-error'
import { shownValue } from './shown-value'

/** Environment variable of each setting. `MUSTER_DATA_DIR` is not among them: it says where the settings file is. */
const variables = {
  MUSTER_HOST: 'host',
  MUSTER_PORT: 'port',
  MUSTER_PEER_PORT: 'peerPort',
  MUSTER_OLLAMA_PORT: 'ollamaPort',
  MUSTER_NAME: 'friendlyName',
  MUSTER_LOAD_ON_REQUEST: 'loadOnRequest',
  MUSTER_ON_REQUEST_IDLE: 'onRequestIdleSeconds',
  MUSTER_DISK_CACHE: 'diskCacheGigabytes',
  MUSTER_DOWNLOAD_LIMIT: 'downloadBytesPerSecond',
  MUSTER_KEEP_FREE: 'keepFreeGigabytes',
  MUSTER_MODEL_FOLDERS: 'modelFolders',
  MUSTER_SHARE_WITH_HUGGING_FACE: 'shareWithHuggingFace',
  MUSTER_HUB: 'hub',
  MUSTER_HUB_URL: 'hubUrl',
  MUSTER_HUB_TOKEN: 'hubToken',
  MUSTER_PEERS: 'peers',
  MUSTER_ALLOWED_HOSTS: 'allowedHosts',
  MUSTER_ALLOWED_ORIGINS: 'allowedOrigins',
  MUSTER_KEEP_AWAKE: 'keepAwake',
  MUSTER_PROXY: 'proxy',
  MUSTER_NO_PROXY: 'noProxy',
  MUSTER_CA_FILE: 'caFile',
  MUSTER_OFFER_SETUP: 'offerSetup',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'otlpEndpoint',
} as const satisfies Readonly<Record<string, keyof NodeSettingsChanges>>

const NUMBERS: ReadonlySet<string> = new Set([
  'port',
  'peerPort',
  'ollamaPort',
  'onRequestIdleSeconds',
  'diskCacheGigabytes',
  'downloadBytesPerSecond',
  'keepFreeGigabytes',
])
const isNumber = (name: string): boolean => NUMBERS.has(name)

const SWITCHES: ReadonlySet<string> = new Set(['offerSetup', 'shareWithHuggingFace'])

/** Settings that take a list, separated by commas or spaces. */
const LISTS: ReadonlySet<string> = new Set(['peers', 'allowedHosts', 'allowedOrigins', 'noProxy'])

/**
 * Converts a variable's text: digits to a number, `true` and `false` to a boolean. Other text stays, for the schema to
 * refuse.
 */
const value = (name: string, text: string): unknown => {
  // Separated by colons like PATH, because folder names may contain spaces and commas.
  if (name === 'modelFolders') return text.split(':').filter((one) => one.trim() !== '')
  if (SWITCHES.has(name)) return text === 'true' || (text === 'false' ? false : text)
  if (LISTS.has(name)) return text.split(/[\s,]+/).filter((one) => one !== '')
  return isNumber(name) && /^\d+$/.test(text.trim()) ? Number(text) : text
}

const explain = (issue: z.core.$ZodIssue): string => {
  const name = String(issue.path[0])
  if (name === 'onRequestIdleSeconds') return 'expected a whole number of seconds, at most 999999999'
  if (SWITCHES.has(name)) return 'it is true or false'
  if (name === 'diskCacheGigabytes') return 'expected a whole number of gigabytes, 0 for no cache on disk'
  if (name === 'downloadBytesPerSecond') return 'expected a whole number of bytes per second, 0 for no limit'
  if (name === 'keepFreeGigabytes') return 'expected a whole number of gigabytes'
  return isNumber(name) ? 'expected a port from 0 to 65535, 0 for a free one' : issue.message
}

/**
 * Reads settings from the environment. An empty variable counts as unset.
 *
 * @throws SettingsError `invalid_setting`, naming the variable
 */
export const settingsFromEnvironment = (env: Readonly<Record<string, string | undefined>>): NodeSettingsChanges => {
  const given: Record<string, unknown> = {}
  for (const [variable, name] of Object.entries(variables)) {
    const text = env[variable]
    if (text === undefined || text.trim() === '') continue
    given[name] = value(name, text)
  }
  const parsed = NodeSettingsChanges.safeParse(given)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const variable = Object.entries(variables).find(([, name]) => name === issue?.path[0])?.[0] ?? 'The environment'
  throw new SettingsError({
    code: 'invalid_setting',
    message: `${variable} is set to ${shownValue(String(issue?.path[0]), env[variable] ?? '')}, which cannot be used: ${issue ? explain(issue) : ''}.`,
    hint: `Correct or unset ${variable} and start again.`,
  })
}

/**
 * Whether this node simulates RDMA with other nodes that do, for tests on machines without it:
 * `MUSTER_REHEARSE_JACCL=1`. Not a stored setting, so that it cannot be switched on by accident.
 *
 * @throws SettingsError `invalid_setting`
 */
export const rehearsesRdma = (env: Readonly<Record<string, string | undefined>>): boolean => {
  const text = env['MUSTER_REHEARSE_JACCL']?.trim()
  if (!text) return false
  if (text === '1') return true
  throw new SettingsError({
    code: 'invalid_setting',
    message: `MUSTER_REHEARSE_JACCL is set to "${text}", which is invalid: only 1 is supported, for tests.`,
    hint: 'Unset MUSTER_REHEARSE_JACCL and start again.',
  })
}

/**
 * Memory bandwidth override from `MUSTER_MEMORY_BANDWIDTH` (GB/s), in bytes per second. Undefined if unset; the
 * bandwidth is then looked up or measured.
 *
 * @throws SettingsError `invalid_setting`
 */
export const memoryBandwidthFromEnvironment = (
  env: Readonly<Record<string, string | undefined>>,
): number | undefined => {
  const text = env['MUSTER_MEMORY_BANDWIDTH']?.trim()
  if (!text) return undefined
  const gigabytes = Number(text)
  if (Number.isFinite(gigabytes) && gigabytes > 0) return gigabytes * 1e9
  throw new SettingsError({
    code: 'invalid_setting',
    message: `MUSTER_MEMORY_BANDWIDTH is set to "${text}", which is invalid: expected a number of GB per second, such as 400.`,
    hint: 'Correct or unset MUSTER_MEMORY_BANDWIDTH and start again.',
  })
}
