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

/** How to configure a program for this node: instructions and a filled-in text. */
export interface Connection {
  readonly id: string
  readonly title: string
  readonly how: string
  readonly text: string
  /** Set if the node can write the configuration on its own machine. */
  readonly writable?: WritableTool
}

/** Quotes any text as one word for POSIX shells. */
const shellWord = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

const json = (value: unknown): string => JSON.stringify(value, undefined, 2)

/** A YAML value; double-quoted strings have JSON's escapes. */
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

/** Texts ready to paste, with the address and a declared model quoted for each language. */
export const connectionsFor = (target: ConnectTarget): readonly Connection[] => forms.map((form) => form(target))

/** Whether the node listens on loopback only; then no key is needed. */
export const isLocal = (url: string): boolean => {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
}
