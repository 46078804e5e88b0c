import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { runnerEnvironment } from '@main/worker/process/python'
import { python, root } from '../harness/paths'

/** mlx-lm's batches in a process without a server, with the environment that our runners have. */
export class BareBatch {
  private readonly child
  private readonly lines

  /** `model`: its folder; `tokens`: of each answer, at most. */
  constructor(model: string, tokens: number) {
    this.child = spawn(python, [join(import.meta.dirname, 'bare_batch.py'), model, String(tokens)], {
      env: runnerEnvironment(join(root, 'native-runner', 'src')),
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    process.once('exit', () => this.child.kill('SIGKILL'))
    this.lines = createInterface(this.child.stdout)[Symbol.asyncIterator]()
  }

  /** Answers messages together. Tokens a second, prompts included. Throws if the process has ended. */
  async answer(messages: readonly string[]): Promise<number> {
    this.child.stdin.write(`${JSON.stringify(messages)}\n`)
    const line = await this.lines.next()
    if (line.done === true) throw new Error('bare_batch.py has ended')
    return Number(line.value)
  }

  close(): void {
    this.child.kill('SIGKILL')
  }
}
