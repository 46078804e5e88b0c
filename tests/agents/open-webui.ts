import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { freePort } from '../harness/free-port'
import { required, root } from '../harness/paths'
import type { Workplace } from './agent'

const folder = process.env['MUSTER_TEST_OPEN_WEBUI'] ?? join(root, '.cache', 'open-webui')

const SignedIn = z.object({ token: z.string() })
const Models = z.object({ data: z.array(z.object({ id: z.string(), owned_by: z.string() })) })

/** How it is pointed at a node: as a service of OpenAI's, or as an Ollama. */
export type Connection = 'openai' | 'ollama'

export interface OpenWebUi {
  /** The models that it offers, by id, with what it takes each for. */
  models(): Promise<z.infer<typeof Models>['data']>
  /** Asks as its page does; gives the body as it came. */
  chat(request: object): Promise<string>
  stop(): Promise<void>
}

/** Open WebUI for one person, with a node as its only service and without a way out of this machine. */
export const startOpenWebUi = async (
  nodeUrl: string,
  { connection, at: { home } }: { readonly connection: Connection; readonly at: Workplace },
): Promise<OpenWebUi> => {
  const program = required(join(folder, 'bin', 'open-webui'), 'run `npm run test:agents`, which fetches it')
  const port = await freePort()
  const service =
    connection === 'openai'
      ? { OPENAI_API_BASE_URL: `${nodeUrl}/v1`, OPENAI_API_KEY: 'none', ENABLE_OLLAMA_API: 'False' }
      : { OLLAMA_BASE_URL: nodeUrl, ENABLE_OPENAI_API: 'False' }
  const child = spawn(program, ['serve', '--host', '127.0.0.1', '--port', String(port)], {
    cwd: home,
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: home,
      DATA_DIR: join(home, 'data'),
      WEBUI_AUTH: 'False',
      WEBUI_SECRET_KEY: 'none',
      OFFLINE_MODE: 'True',
      // Else it loads models of its own.
      RAG_EMBEDDING_ENGINE: 'openai',
      AUDIO_STT_ENGINE: 'openai',
      ANONYMIZED_TELEMETRY: 'False',
      ...service,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (more: string) => (printed = (printed + more).slice(-20_000)))
  const exited = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  const isUp = async (): Promise<boolean> => (await fetch(`${url}/health`).catch(() => undefined))?.ok === true
  while (!(await isUp())) {
    if (child.exitCode !== null) throw new Error(`Open WebUI ended with ${child.exitCode}: ${printed}`)
    await wait(200)
  }
  const ask = async (path: string, { token, body }: { token?: string; body?: object }): Promise<string> => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
    const response = await fetch(
      `${url}${path}`,
      body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers },
    )
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
    return text
  }
  const signIn = { email: 'admin@localhost', password: 'admin' }
  const { token } = SignedIn.parse(JSON.parse(await ask('/api/v1/auths/signin', { body: signIn })))
  return {
    models: async () => Models.parse(JSON.parse(await ask('/api/models', { token }))).data,
    chat: (body) => ask('/api/chat/completions', { token, body }),
    stop: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}
