import { execFile } from 'node:child_process'
import { z } from 'zod'
import { ModelProblemCode } from '@core/placement/model-card'
import { runnerEnvironment, type Python } from './process/python'

/** Timeout: a model card may take 10 s, so later results are useless. */
const TIME_LIMIT_MS = 8000

const Printed = z.object({
  problem: z.object({ problem: z.string().min(1), problemCode: ModelProblemCode }).nullable(),
})
type Problem = NonNullable<z.infer<typeof Printed>['problem']>

/**
 * Tries the tokenizer and chat template of the model in a folder, in a separate process with a runner's environment.
 * Returns the problem, or undefined.
 *
 * Rejects if the check itself failed, which says nothing about the model.
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
