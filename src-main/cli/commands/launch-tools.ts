/** How programs for coding are told of this cluster: by their environment and arguments alone, never by their files. */

import type { Tool } from './launch-names'

export interface Cluster {
  /** Of the node, without a slash at its end. */
  readonly address: string
  /** Undefined where none is needed; the tools want one all the same. */
  readonly key: string | undefined
  /** What is asked for: the id of a model or the name of a declaration. */
  readonly model: string
  /** All that can be asked for. */
  readonly models: readonly string[]
}

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Where these are set, the tool would go elsewhere. */
  readonly unset: readonly string[]
}

/** For clients that refuse to start without a key. */
const NO_KEY = 'none'
const CODEX_KEY = 'MUSTER_LAUNCH_KEY'

/** A value of TOML; its strings in double quotes have the escapes of JSON. */
const toml = (text: string): string => JSON.stringify(text)

/** What starts the tool with this cluster's models. */
export const launchOf = (tool: Tool, { address, key = NO_KEY, model, models }: Cluster): Launch => {
  switch (tool) {
    case 'claude':
      return {
        command: 'claude',
        args: [],
        env: {
          ANTHROPIC_BASE_URL: address,
          ANTHROPIC_AUTH_TOKEN: key,
          ANTHROPIC_MODEL: model,
          // What it asks by these names goes to the same model.
          ANTHROPIC_DEFAULT_OPUS_MODEL: model,
          ANTHROPIC_DEFAULT_SONNET_MODEL: model,
          ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
          CLAUDE_CODE_SUBAGENT_MODEL: model,
        },
        // It would be sent in place of the token.
        unset: ['ANTHROPIC_API_KEY'],
      }
    case 'codex':
      return {
        command: 'codex',
        args: [
          ...['-c', 'model_provider="muster"'],
          ...['-c', 'model_providers.muster.name="Muster"'],
          ...['-c', `model_providers.muster.base_url=${toml(`${address}/v1`)}`],
          ...['-c', `model_providers.muster.env_key="${CODEX_KEY}"`],
          ...['-c', 'model_providers.muster.wire_api="responses"'],
          ...['-c', `model=${toml(model)}`],
        ],
        env: { [CODEX_KEY]: key },
        unset: [],
      }
    case 'opencode':
      return {
        command: 'opencode',
        args: [],
        env: {
          OPENCODE_CONFIG_CONTENT: JSON.stringify({
            $schema: 'https://opencode.ai/config.json',
            provider: {
              muster: {
                npm: '@ai-sdk/openai-compatible',
                name: 'Muster',
                options: { baseURL: `${address}/v1`, apiKey: key },
                models: Object.fromEntries(models.map((id) => [id, { name: id }])),
              },
            },
            model: `muster/${model}`,
            small_model: `muster/${model}`,
          }),
        },
        unset: [],
      }
  }
}

/** A word as every POSIX shell reads it. */
export const shellQuoted = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

/** What was set, as lines that a shell can run. */
export const launchScript = ({ command, args, env, unset }: Launch, more: readonly string[]): string[] => [
  ...unset.map((name) => `unset ${name}`),
  ...Object.entries(env).map(([name, value]) => `export ${name}=${shellQuoted(value)}`),
  [command, ...args, ...more].map(shellQuoted).join(' '),
]
