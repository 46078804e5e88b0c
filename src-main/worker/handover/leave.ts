import { randomBytes } from 'node:crypto'
import { RUNNER_PROTOCOL, type LoadCommand } from '@core/protocols/runner'
import type { RunnerId } from '@core/ids'
import type { RunnerProcess } from '../process/runner-process'
import { writeConsole } from './console-file'
import { writeRecord } from './record'

/** How long a runner waits for the next node process, in seconds. */
const HANDOVER_SECONDS = 60

/** What the next node process needs to adopt a runner. */
export interface Left {
  readonly runnerId: RunnerId
  readonly load: LoadCommand
  /** Digest of the model's files when they were loaded. */
  readonly files: string
  readonly memoryBytes: number
  readonly batchSize: number
}

/**
 * Writes the handover record and asks the runner to wait for the next node process. The handover is complete when the
 * runner answers `handedOver`. Rejects with the disk's error.
 */
export const askToWait = async (process: RunnerProcess, left: Left): Promise<void> => {
  const { directory, pid } = process
  const token = randomBytes(32).toString('hex')
  writeConsole(directory, process.console.raw())
  await writeRecord(directory, { version: 1, protocol: RUNNER_PROTOCOL, pid, token, ...left })
  process.send({ type: 'handOver', token, seconds: HANDOVER_SECONDS })
}
