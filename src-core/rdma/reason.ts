import type { RdmaReason } from '../state/rdma'
import type { CodedText } from '../texts/coded'
import { inEnglish } from '../texts/english'

/** Builds a reason from its sentence. */
export const rdmaReason = (
  code: RdmaReason['code'],
  coded: CodedText,
  about: Partial<Pick<RdmaReason, 'nodeId' | 'interfaceName' | 'bridge'>> = {},
): RdmaReason => ({ code, ...about, text: inEnglish(coded), coded })
