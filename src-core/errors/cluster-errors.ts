import type { DescribedError } from './described-error'

const AGAIN = 'Try again, or ask a person at a machine of that cluster'

/** Errors of joining and measuring. After a join has started, they appear in `GET /cluster`. */
export const CLUSTER_ERRORS = {
  already_member: {
    statuses: [409],
    cause: 'This machine belongs to a cluster of several machines already',
    remedy: 'Leave that cluster first: `muster leave`',
  },
  token_unreadable: {
    statuses: [409],
    cause: 'The text is not an invitation of Muster, or a part of it is missing',
    remedy: 'Copy the whole token that `muster invite` printed',
  },
  address_unreadable: {
    statuses: [409],
    cause: 'The text is not the address of a machine',
    remedy: 'Write it as in 192.168.1.20:52417, or give the whole token that `muster invite` printed',
  },
  not_measured: {
    statuses: [409],
    cause: 'The connection between two machines could not be measured',
    remedy: 'Both must be connected and idle',
  },
  denied: {
    statuses: [],
    cause: 'A person at that cluster did not let this machine in',
    remedy: 'Ask them, and compare the digits on both machines',
  },
  not_now: { statuses: [], cause: 'That cluster cannot admit a machine at the moment', remedy: AGAIN },
  ended: {
    statuses: [],
    cause: 'The other machine closed the connection or did not answer in time',
    remedy: 'Check that both machines are on and connected, and try again',
  },
  protocol: {
    statuses: [],
    cause: 'The other machine sent a message that this version does not expect',
    remedy: 'Update Muster on both machines; if both are up to date, do not join it',
  },
  failed: {
    statuses: [],
    cause: 'The join failed for another reason',
    remedy: 'The log has the reason: `muster logs`',
  },
} as const satisfies Readonly<Record<string, DescribedError>>
