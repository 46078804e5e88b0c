import type { RdmaFacts } from '@core/state/rdma'
import type { CommandResult } from '../command'

/**
 * Reads `rdma_ctl status`. Its words are judged, not its exit code, of which sources disagree; a word that nobody has
 * seen is unknown. A macOS without the program has no RDMA.
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
