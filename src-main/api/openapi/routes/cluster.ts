import {
  AdmissionAnswer,
  ClusterView,
  DrainRequest,
  DrainView,
  InviteAnswer,
  InviteRequest,
  JoinRequest,
  MeasureRequest,
  RenameClusterRequest,
  RenameMemberRequest,
  WhatIfView,
} from '@core/protocols/cluster'
import { DoctorReport } from '@core/protocols/doctor'
import { SSE, type Described } from '../described'

/** The cluster and its machines. */
export const CLUSTER: readonly Described[] = [
  {
    method: 'get',
    path: '/cluster',
    does: 'Who belongs together, who is near, who asks to join',
    answer: { ClusterView },
  },
  {
    method: 'patch',
    path: '/cluster',
    does: 'Give the cluster another name',
    body: { RenameClusterRequest },
    answer: { ClusterView },
  },
  {
    method: 'patch',
    path: '/cluster/members/{id}',
    does: 'Give a machine another name; it keeps it until its own settings name it anew',
    body: { RenameMemberRequest },
    answer: { ClusterView },
  },
  {
    method: 'post',
    path: '/cluster/members/{id}/drain',
    does: 'Move a machine’s models elsewhere, each ready there before it ends here, and keep others away',
    body: { DrainRequest },
    answer: { DrainView },
  },
  { method: 'get', path: '/cluster/members/{id}/drain', does: 'What is still on a machine', answer: { DrainView } },
  {
    method: 'get',
    path: '/cluster/what-if',
    does: 'What would become of each declaration without each machine',
    answer: { WhatIfView },
  },
  { method: 'get', path: '/cluster/events', does: 'The same whenever it changes, as server-sent events', media: SSE },
  {
    method: 'get',
    path: '/cluster/doctor',
    does: 'What every machine sees of every other, and what to do where they do not reach one another',
    answer: { DoctorReport },
  },
  {
    method: 'post',
    path: '/cluster/invite',
    does: 'A token that lets one machine in, once',
    body: { InviteRequest },
    answer: { InviteAnswer },
    example: { body: { validForMs: 60_000 } },
    statuses: [201],
  },
  {
    method: 'post',
    path: '/cluster/measure',
    does: 'Measure how much the connections between two machines carry',
    body: { MeasureRequest },
  },
  {
    method: 'post',
    path: '/cluster/join',
    does: 'Join another cluster',
    body: { JoinRequest },
    answer: { ClusterView },
    statuses: [202],
  },
  { method: 'delete', path: '/cluster/join', does: 'Give a joining up' },
  { method: 'post', path: '/cluster/requests/{id}', does: 'Let a machine in, or not', body: { AdmissionAnswer } },
  { method: 'delete', path: '/members/{id}', does: 'Take a machine out of the cluster' },
]
