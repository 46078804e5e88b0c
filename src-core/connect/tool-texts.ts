/** Configuration that other programs need to use this node, in their formats: shown to people and written to files. */

export interface ConnectTarget {
  /** Base URL of the node, without a trailing slash. */
  readonly url: string
  /** The model to request: a model's id or a declaration's name. */
  readonly model: string
  /** All models that can be requested. */
  readonly models: readonly string[]
  /** Undefined if no key is needed; most programs want one anyway. */
  readonly key: string | undefined
}

/** Placeholder for programs that refuse to start without a key. */
export const NO_KEY = 'none'
/** Environment variable from which Codex reads the key; its configuration names a variable. */
export const CODEX_KEY_VARIABLE = 'MUSTER_API_KEY'
/** Name of the provider that stands for this node. */
export const PROVIDER = 'muster'

/** Environment of Claude Code; all its model aliases map to the same model. */
export const claudeCodeEnv = ({ url, model, key = NO_KEY }: ConnectTarget): Readonly<Record<string, string>> => ({
  ANTHROPIC_BASE_URL: url,
  ANTHROPIC_AUTH_TOKEN: key,
  ANTHROPIC_MODEL: model,
  ANTHROPIC_DEFAULT_OPUS_MODEL: model,
  ANTHROPIC_DEFAULT_SONNET_MODEL: model,
  ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
})

/** Writes a TOML string; basic strings have JSON's escapes. */
const toml = (text: string): string => JSON.stringify(text)

/** A provider and a profile of Codex: `codex --profile muster`. */
export const codexTables = ({ url, model, key }: ConnectTarget): string =>
  [
    `[model_providers.${PROVIDER}]`,
    'name = "Muster"',
    `base_url = ${toml(`${url}/v1`)}`,
    'wire_api = "responses"',
    ...(key === undefined ? [] : [`env_key = ${toml(CODEX_KEY_VARIABLE)}`]),
    '',
    `[profiles.${PROVIDER}]`,
    `model_provider = ${toml(PROVIDER)}`,
    `model = ${toml(model)}`,
  ].join('\n')

/** OpenCode's provider, stored under its name in `provider`. */
export const openCodeProvider = ({ url, models, key = NO_KEY }: ConnectTarget): object => ({
  npm: '@ai-sdk/openai-compatible',
  name: 'Muster',
  options: { baseURL: `${url}/v1`, apiKey: key },
  models: Object.fromEntries(models.map((id) => [id, { name: id }])),
})

/** Name of our model entry in Continue; an entry with this name is ours. */
export const CONTINUE_NAME = 'Muster'

/** An entry of `models` in Continue's config.yaml. */
export const continueModel = ({ url, model, key = NO_KEY }: ConnectTarget): Readonly<Record<string, unknown>> => ({
  name: CONTINUE_NAME,
  provider: 'openai',
  model,
  apiBase: `${url}/v1`,
  apiKey: key,
  roles: ['chat', 'edit', 'apply'],
})
