import { execFile } from 'node:child_process'
import { z } from 'zod'
import { runnerEnvironment, type Python } from '../process/python'

const TIME_LIMIT_MS = 60_000

const Printed = z.object({ bytesPerSecond: z.number().positive() })

/** Measures the memory bandwidth for reading weights, in bytes per second. Rejects if that fails. */
export const measureMemoryBandwidth = (
  { executable, source }: Extract<Python, { executable: string }>,
  { signal }: { readonly signal: AbortSignal },
): Promise<number> =>
  new Promise((resolve, reject) => {
    const options = {
      env: runnerEnvironment(source),
      timeout: TIME_LIMIT_MS,
      killSignal: 'SIGKILL',
      encoding: 'utf8',
      signal,
    } as const
    execFile(executable, ['-m', 'muster_runner.memory_bandwidth'], options, (error, stdout) => {
      if (error) return reject(error)
      try {
        resolve(Printed.parse(JSON.parse(stdout)).bytesPerSecond)
      } catch (cause) {
        reject(new Error('the probe printed no number', { cause }))
      }
    })
  })
