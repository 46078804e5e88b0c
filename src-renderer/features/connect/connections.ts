import {
  claudeCodeEnv,
  CODEX_KEY_VARIABLE,
  codexTables,
  continueModel,
  NO_KEY,
  openCodeProvider,
  PROVIDER,
  type ConnectTarget,
} from '@core/connect/tool-texts'
import type { WritableTool } from '@core/protocols/connect'
import { t } from '../../state/texts.svelte'

/** How a program is told of this node: what to do, and the text for it, filled in. */
export interface Connection {
  readonly id: string
  readonly title: string
  readonly how: string
  readonly text: string
  /** The node can write it where the program runs on its machine. */
  readonly writable?: WritableTool
}

/** One word for a POSIX shell, whatever is in it. */
const shellWord = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

const json = (value: unknown): string => JSON.stringify(value, undefined, 2)

/** A value of YAML: its strings in double quotes have the escapes of JSON. */
const yaml = (value: unknown): string => JSON.stringify(value)

const forms: readonly ((target: ConnectTarget) => Connection)[] = [
  (target) => ({
    id: 'claude-code',
    title: 'Claude Code',
    how: t('connect.how.claude-code'),
    text: json({ env: claudeCodeEnv(target) }),
    writable: 'claude-code',
  }),
  (target) => ({
    id: 'codex',
    title: 'Codex',
    how:
      target.key === undefined
        ? t('connect.how.codex', { profile: PROVIDER })
        : t('connect.how.codexKey', { profile: PROVIDER, variable: CODEX_KEY_VARIABLE }),
    text: codexTables(target),
    writable: 'codex',
  }),
  (target) => ({
    id: 'opencode',
    title: 'OpenCode',
    how: t('connect.how.opencode'),
    text: json({
      $schema: 'https://opencode.ai/config.json',
      provider: { [PROVIDER]: openCodeProvider(target) },
      model: `${PROVIDER}/${target.model}`,
    }),
    writable: 'opencode',
  }),
  (target) => ({
    id: 'continue',
    title: 'Continue',
    how: t('connect.how.continue'),
    text: [
      'models:',
      ...Object.entries(continueModel(target)).map(
        ([name, value], at) => `  ${at === 0 ? '- ' : '  '}${name}: ${yaml(value)}`,
      ),
    ].join('\n'),
    writable: 'continue',
  }),
  ({ url, model, key = NO_KEY }) => ({
    id: 'cline',
    title: 'Cline',
    how: t('connect.how.cline'),
    text: `Base URL: ${url}/v1\nAPI Key: ${key}\nModel ID: ${model}`,
  }),
  ({ url }) => ({
    id: 'vscode',
    title: 'VS Code',
    how: t('connect.how.vscode'),
    text: json({ 'github.copilot.chat.byok.ollamaEndpoint': url }),
  }),
  ({ url, key = NO_KEY }) => ({
    id: 'open-webui',
    title: 'Open WebUI',
    how: t('connect.how.open-webui'),
    text: [
      `OPENAI_API_BASE_URL=${shellWord(`${url}/v1`)} \\`,
      `OPENAI_API_KEY=${shellWord(key)} \\`,
      'ENABLE_OLLAMA_API=false \\',
      'open-webui serve',
    ].join('\n'),
  }),
  ({ url, model, key = NO_KEY }) => ({
    id: 'n8n',
    title: 'n8n',
    how: t('connect.how.n8n'),
    text: `Base URL: ${url}/v1\nAPI Key: ${key}\nModel: ${model}`,
  }),
  ({ url, model, key = NO_KEY }) => ({
    id: 'langchain',
    title: 'LangChain',
    how: 'pip install langchain-openai',
    text: [
      'from langchain_openai import ChatOpenAI',
      '',
      'llm = ChatOpenAI(',
      `    base_url=${JSON.stringify(`${url}/v1`)},`,
      `    api_key=${JSON.stringify(key)},`,
      `    model=${JSON.stringify(model)},`,
      ')',
      `print(llm.invoke(${JSON.stringify(t('setup.question.capital'))}).content)`,
    ].join('\n'),
  }),
  ({ url, model, key }) => ({
    id: 'curl',
    title: 'curl',
    how: t('connect.how.curl'),
    text: [
      `curl ${url}/v1/chat/completions \\`,
      ...(key === undefined ? [] : [`  -H ${shellWord(`authorization: Bearer ${key}`)} \\`]),
      `  -H 'content-type: application/json' \\`,
      `  -d ${shellWord(JSON.stringify({ model, messages: [{ role: 'user', content: t('setup.question.capital') }] }))}`,
    ].join('\n'),
  }),
  ({ url, model, key = NO_KEY }) => ({
    id: 'python',
    title: 'Python (openai)',
    how: 'pip install openai',
    text: [
      'from openai import OpenAI',
      '',
      `client = OpenAI(base_url=${JSON.stringify(`${url}/v1`)}, api_key=${JSON.stringify(key)})`,
      'answer = client.chat.completions.create(',
      `    model=${JSON.stringify(model)},`,
      `    messages=[{"role": "user", "content": ${JSON.stringify(t('setup.question.capital'))}}],`,
      ')',
      'print(answer.choices[0].message.content)',
    ].join('\n'),
  }),
  ({ url, model, key = NO_KEY }) => ({
    id: 'javascript',
    title: 'JavaScript (openai)',
    how: 'npm install openai',
    text: [
      `import OpenAI from 'openai'`,
      '',
      `const client = new OpenAI({ baseURL: ${JSON.stringify(`${url}/v1`)}, apiKey: ${JSON.stringify(key)} })`,
      'const answer = await client.chat.completions.create({',
      `  model: ${JSON.stringify(model)},`,
      `  messages: [{ role: 'user', content: ${JSON.stringify(t('setup.question.capital'))} }],`,
      '})',
      'console.log(answer.choices[0].message.content)',
    ].join('\n'),
  }),
]

/** Ready to be pasted: the address and a model that is declared are in them, quoted as each language wants it. */
export const connectionsFor = (target: ConnectTarget): readonly Connection[] => forms.map((form) => form(target))

/** Whether the node takes requests from its own machine alone; those need no key. */
export const isLocal = (url: string): boolean => {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
}
