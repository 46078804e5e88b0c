import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { root } from './paths'

/** A deciding process's output, one line of JSON each. */
export const DecidingLine = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('open'),
    term: z.number(),
    /** In the order of the state. */
    declared: z.array(z.string()),
    warnings: z.array(z.string()),
  }),
  z.object({ kind: z.literal('refused'), code: z.string(), message: z.string() }),
  z.object({ kind: z.literal('declared'), id: z.string() }),
  z.object({ kind: z.literal('deleting'), id: z.string() }),
  z.object({ kind: z.literal('deleted'), id: z.string() }),
])
export type DecidingLine = z.infer<typeof DecidingLine>

export interface DecidingProcess {
  /** Its first line: open or refused. */
  readonly first: Promise<DecidingLine>
  /** Kills it, and resolves with everything it printed before. */
  kill(): Promise<readonly DecidingLine[]>
}

/** Starts a leader in a separate process, which decides until it is killed. */
export const startDeciding = (dataDir: string, round: string): DecidingProcess => {
  const script = join(import.meta.dirname, 'deciding-process.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', script, dataDir, round], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const endWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', endWithUs)
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => void (errors += chunk.toString()))
  const said: DecidingLine[] = []
  const lines = createInterface({ input: child.stdout })
  const closed = once(child, 'close')
  const first = new Promise<DecidingLine>((resolve, reject) => {
    lines.on('line', (text) => {
      // The kill may have cut the last line short.
      if (!text.endsWith('}')) return
      const line = DecidingLine.parse(JSON.parse(text))
      said.push(line)
      resolve(line)
    })
    void closed.then(() => reject(new Error(`the process ended before its first line: ${errors}`)))
  })
  first.catch(() => undefined)
  return {
    first,
    kill: async () => {
      child.kill('SIGKILL')
      await closed
      process.off('exit', endWithUs)
      return said
    },
  }
}
