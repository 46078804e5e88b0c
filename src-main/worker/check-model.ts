import { execFile } from 'node:child_process'
import { z } from 'zod'
import { ModelProblemCode } from '@core/placement/model-card'
import { runnerEnvironment, type Python } from './python'

/** A card may take 10 s; what has not been found out by then is not waited for. */
const TIME_LIMIT_MS = 8000

const Printed = z.object({
  problem: z.object({ problem: z.string().min(1), problemCode: ModelProblemCode }).nullable(),
})
type Problem = NonNullable<z.infer<typeof Printed>['problem']>

/**
 * Tries the tokenizer and the chat template of the model in a folder, in a process of its own with a runner's
 * environment. Gives what is wrong, or undefined.
 *
 * Rejects where that could not be found out; it then says nothing about the model.
 */
export const checkModel = (
  { executable, source }: Extract<Python, { executable: string }>,
  directory: string,
): Promise<Problem | undefined> =>
  new Promise((resolve, reject) => {
    const options = {
      env: runnerEnvironment(source),
      timeout: TIME_LIMIT_MS,
      killSignal: 'SIGKILL',
      encoding: 'utf8',
    } as const
    execFile(executable, ['-m', 'muster_runner.check', directory], options, (error, stdout) => {
      if (error) return reject(error)
      try {
        resolve(Printed.parse(JSON.parse(stdout)).problem ?? undefined)
      } catch (cause) {
        reject(new Error('the check of a model printed no verdict', { cause }))
      }
    })
  })
