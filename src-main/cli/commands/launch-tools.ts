/** Configures coding tools for this cluster by environment and arguments only; their files stay unchanged. */

import type { Tool } from './launch-names'

export interface Cluster {
  /** The node's address without a trailing slash. */
  readonly address: string
  /** Undefined if the node needs none; the tools require one regardless. */
  readonly key: string | undefined
  /** Model to request: a model id or the name of a declaration. */
  readonly model: string
  /** All models that can be requested. */
  readonly models: readonly string[]
}

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Variables to unset, because they would redirect the tool elsewhere. */
  readonly unset: readonly string[]
}

/** For clients that refuse to start without a key. */
const NO_KEY = 'none'
const CODEX_KEY = 'MUSTER_LAUNCH_KEY'

/** A TOML string; its escapes are those of JSON. */
const toml = (text: string): string => JSON.stringify(text)

/** The command that starts the tool with this cluster's models. */
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
          // Maps the tool's own model aliases to the same model.
          ANTHROPIC_DEFAULT_OPUS_MODEL: model,
          ANTHROPIC_DEFAULT_SONNET_MODEL: model,
          ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
          CLAUDE_CODE_SUBAGENT_MODEL: model,
        },
        // Would take precedence over the token.
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

/** Quotes a word for POSIX shells. */
export const shellQuoted = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

/** The launch as lines of shell script. */
export const launchScript = ({ command, args, env, unset }: Launch, more: readonly string[]): string[] => [
  ...unset.map((name) => `unset ${name}`),
  ...Object.entries(env).map(([name, value]) => `export ${name}=${shellQuoted(value)}`),
  [command, ...args, ...more].map(shellQuoted).join(' '),
]
