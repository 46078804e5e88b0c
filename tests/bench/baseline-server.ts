import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { python } from '../harness/paths'

const OPENBLAS = '/usr/lib/x86_64-linux-gnu/libopenblas.so.0'

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

/** mlx-lm's own server with the same model: what our figures are held against. */
export const startBaseline = async (model: string): Promise<{ url: string; close(): void }> => {
  const port = await freePort()
  const preload = existsSync(OPENBLAS) ? { LD_PRELOAD: OPENBLAS } : {}
  const child = spawn(
    python,
    ['-m', 'mlx_lm', 'server', '--model', model, '--port', String(port), '--log-level', 'ERROR'],
    {
      env: { ...process.env, ...preload, HF_HUB_OFFLINE: '1', TOKENIZERS_PARALLELISM: 'false' },
      stdio: 'ignore',
    },
  )
  process.once('exit', () => child.kill('SIGKILL'))
  const url = `http://127.0.0.1:${port}`
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const answer = await fetch(`${url}/health`).catch(() => undefined)
    if (answer?.ok) return { url, close: () => void child.kill('SIGKILL') }
    await wait(100)
  }
  throw new Error('mlx_lm.server did not start')
}
