import type { RdmaFacts } from '@core/state/rdma'
import type { CommandResult } from '../command'

/**
 * Parses `rdma_ctl status`. The words count, not the exit code, which is documented inconsistently; other words are
 * `unknown`. A macOS without the program has no RDMA.
 */
export const parseRdmaStatus = (result: CommandResult): RdmaFacts['status'] => {
  if (result.ended !== 'exited') return result.ended === 'missing' ? 'unavailable' : 'unknown'
  switch (result.stdout.trim().toLowerCase()) {
    case 'enabled':
      return 'enabled'
    case 'disabled':
      return 'disabled'
    default:
      return 'unknown'
  }
}
