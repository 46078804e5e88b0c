import type { DescribedError } from './described-error'

const AGAIN = 'Try again, or ask somebody at a machine of that cluster'

/** Errors of joining and measuring. After a join has started, they appear in `GET /cluster`. */
export const CLUSTER_ERRORS = {
  already_member: {
    statuses: [409],
    cause: 'This machine belongs to a cluster of several machines already',
    remedy: 'Let it leave that one first: `muster leave`',
  },
  token_unreadable: {
    statuses: [409],
    cause: 'What was given is no invitation of Muster, or a part of it is missing',
    remedy: 'Copy the whole token that `muster invite` printed',
  },
  address_unreadable: {
    statuses: [409],
    cause: 'What was given is no address of a machine',
    remedy: 'Give it as in 192.168.1.20:52417, or the whole token that `muster invite` printed',
  },
  not_measured: {
    statuses: [409],
    cause: 'The connection between two machines could not be measured',
    remedy: 'Both must be connected, and must not be computing',
  },
  denied: {
    statuses: [],
    cause: 'Somebody at that cluster did not let this machine in',
    remedy: 'Ask whoever sits there, and compare the digits on both machines',
  },
  not_now: { statuses: [], cause: 'That cluster cannot take a machine in at this moment', remedy: AGAIN },
  ended: {
    statuses: [],
    cause: 'The other machine ended the conversation or did not answer in time',
    remedy: 'Check that both machines are on and connected, and try again',
  },
  protocol: {
    statuses: [],
    cause: 'The other machine said something that this version does not expect',
    remedy: 'Update Muster on both machines; if both are up to date, do not join it',
  },
  failed: {
    statuses: [],
    cause: 'The joining failed in a way of its own',
    remedy: 'The log has the reason: `muster logs`',
  },
} as const satisfies Readonly<Record<string, DescribedError>>
