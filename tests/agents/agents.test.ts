import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { required, root } from '../harness/paths'
import { agentPackages, agentsPython, program, run, settle, workplace, type Run, type Workplace } from './agent'
import { startOpenWebUi } from './open-webui'
import { startScriptedNode, type ScriptedNode } from './scripted-node'

const SECRET = 'the heron sleeps at 4711'
const PROMPT = 'Read note.txt and tell me what it says.'

/** How each one is pointed at a node, by its documented settings, and the tool with which it reads a file. */
interface Agent {
  readonly name: string
  readonly tool: string
  readonly arguments: (file: string) => Record<string, unknown>
  readonly start: (node: ScriptedNode, at: Workplace) => Run
}

const AGENTS: readonly Agent[] = [
  {
    name: 'Claude Code',
    tool: 'Read',
    arguments: (file) => ({ file_path: file }),
    start: ({ url, model }) => ({
      command: [program('claude'), '-p', PROMPT],
      env: {
        ANTHROPIC_BASE_URL: url,
        ANTHROPIC_AUTH_TOKEN: 'none',
        ANTHROPIC_MODEL: model,
        ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      },
    }),
  },
  {
    name: 'Codex',
    tool: 'exec_command',
    arguments: (file) => ({ cmd: `cat ${file}` }),
    start: ({ url, model }, at) => {
      const provider = `[model_providers.muster]\nname = "Muster"\nbase_url = "${url}/v1"\nwire_api = "responses"\n`
      settle(at, '.codex/config.toml', `model = "${model}"\nmodel_provider = "muster"\n${provider}`)
      return { command: [program('codex'), 'exec', '--skip-git-repo-check', PROMPT] }
    },
  },
  {
    name: 'opencode',
    tool: 'read',
    arguments: (file) => ({ filePath: file }),
    start: ({ url, model }, at) => {
      const options = { baseURL: `${url}/v1` }
      const muster = { npm: '@ai-sdk/openai-compatible', name: 'Muster', options, models: { [model]: { name: model } } }
      const settings = { autoupdate: false, model: `muster/${model}`, small_model: `muster/${model}` }
      settle(at, '.config/opencode/opencode.json', { ...settings, provider: { muster } })
      return { command: [program('opencode'), 'run', PROMPT] }
    },
  },
  {
    name: 'Continue',
    tool: 'Read',
    arguments: (file) => ({ filepath: file }),
    start: ({ url, model }, at) => {
      const chat = { name: model, provider: 'openai', model, apiBase: `${url}/v1`, apiKey: 'none' }
      const models = [{ ...chat, roles: ['chat'], capabilities: ['tool_use'] }]
      const config = settle(at, 'config.yaml', { name: 'Muster', version: '1.0.0', schema: 'v1', models })
      return { command: [program('cn'), '-p', '--config', config, PROMPT] }
    },
  },
  {
    name: 'the AI SDK',
    tool: 'read',
    arguments: (file) => ({ file }),
    start: ({ url, model }) => ({
      command: [process.execPath, join(root, 'tests', 'agents', 'ai-sdk.mjs'), agentPackages, `${url}/v1`, model],
    }),
  },
]

describe('another’s agent, pointed at a node', () => {
  let node: ScriptedNode
  let at: Workplace

  beforeAll(async () => {
    node = await startScriptedNode()
  })
  afterAll(() => node.stop())
  beforeEach(() => {
    at = workplace({ 'note.txt': `${SECRET}\n` })
  })
  afterEach(() => at.dispose())

  it.each(AGENTS.map((agent) => [agent.name, agent] as const))('%s carries out a tool call', async (_name, agent) => {
    const calls = { [agent.tool]: agent.arguments(join(at.project, 'note.txt')) }
    node.follow({ calls, otherwise: 'Noted.' })
    // The model can only know it from the tool's result.
    expect(await run(at, agent.start(node, at))).toMatch(new RegExp(`It says:[\\s\\S]*${SECRET}`))
  })

  it('aider writes what the model answers into a file', async () => {
    node.follow({ calls: {}, otherwise: 'note.txt\n```\nthe heron is awake\n```\n' })
    const flags = ['--no-git', '--no-check-update', '--no-show-model-warnings', '--no-show-release-notes']
    await run(at, {
      command: [
        required(join(agentsPython, '..', 'aider'), 'run `npm run test:agents`, which fetches it'),
        ...['--model', `openai/${node.model}`, '--edit-format', 'whole', '--analytics-disable', ...flags],
        ...['--no-pretty', '--yes-always', '--message', 'Wake the heron up.', 'note.txt'],
      ],
      env: { OPENAI_API_BASE: `${node.url}/v1`, OPENAI_API_KEY: 'none', LITELLM_LOCAL_MODEL_COST_MAP: 'True' },
    })
    expect(readFileSync(join(at.project, 'note.txt'), 'utf8')).toBe('the heron is awake\n')
  })

  it.each(['litellm', 'llama_index'])('%s gets answers, streams and tool calls', async (library) => {
    node.follow({ calls: { read: { file: 'note.txt' } }, otherwise: 'Noted.' })
    const script = join(root, 'tests', 'agents', `ask_by_${library}.py`)
    const printed = await run(at, {
      command: [required(agentsPython, 'run `npm run test:agents`'), script, node.url, node.model],
      env: { LITELLM_LOCAL_MODEL_COST_MAP: 'True' },
    })
    expect(printed).toContain('all is as it should be')
  })

  it.each(['openai', 'ollama'] as const)(
    'Open WebUI offers the models of a node that it takes for %s, and answers',
    async (connection) => {
      node.follow({ calls: {}, otherwise: 'The heron is awake.' })
      const page = await startOpenWebUi(node.url, { connection, at })
      try {
        expect(await page.models()).toContainEqual(expect.objectContaining({ id: node.model, owned_by: connection }))
        const messages = [{ role: 'user', content: 'How is the heron?' }]
        const request = { model: node.model, messages }
        expect(await page.chat({ ...request, stream: false })).toContain('The heron is awake.')
        const streamed = await page.chat({ ...request, stream: true })
        const pieces = [...streamed.matchAll(/"content": ?"([^"]*)"/g)].map(([, piece]) => piece)
        expect(pieces.join('')).toBe('The heron is awake.')
      } finally {
        await page.stop()
      }
    },
  )
})
