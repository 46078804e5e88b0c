/** What other programs are told of this node, in their own words: shown to people, and written into their files. */

export interface ConnectTarget {
  /** Of the node, without a slash at its end. */
  readonly url: string
  /** What is asked for: the id of a model or the name of a declaration. */
  readonly model: string
  /** All that can be asked for. */
  readonly models: readonly string[]
  /** Undefined where none is needed; most programs want one all the same. */
  readonly key: string | undefined
}

/** For programs that refuse to start without a key. */
export const NO_KEY = 'none'
/** Where Codex finds the key: its configuration names a variable. */
export const CODEX_KEY_VARIABLE = 'MUSTER_API_KEY'
/** By this name programs know the provider that is this node. */
export const PROVIDER = 'muster'

/** Of Claude Code: what it asks by its own names for models goes to the same one. */
export const claudeCodeEnv = ({ url, model, key = NO_KEY }: ConnectTarget): Readonly<Record<string, string>> => ({
  ANTHROPIC_BASE_URL: url,
  ANTHROPIC_AUTH_TOKEN: key,
  ANTHROPIC_MODEL: model,
  ANTHROPIC_DEFAULT_OPUS_MODEL: model,
  ANTHROPIC_DEFAULT_SONNET_MODEL: model,
  ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
})

/** A string of TOML: in double quotes it has the escapes of JSON. */
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

/** The provider of OpenCode, under its name in `provider`. */
export const openCodeProvider = ({ url, models, key = NO_KEY }: ConnectTarget): object => ({
  npm: '@ai-sdk/openai-compatible',
  name: 'Muster',
  options: { baseURL: `${url}/v1`, apiKey: key },
  models: Object.fromEntries(models.map((id) => [id, { name: id }])),
})

/** By this name Continue lists the model; an entry with it is ours. */
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
