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

/** Routes about the cluster and its machines. */
export const CLUSTER: readonly Described[] = [
  {
    method: 'get',
    path: '/cluster',
    does: 'The cluster: members, nearby nodes and join requests',
    answer: { ClusterView },
  },
  {
    method: 'patch',
    path: '/cluster',
    does: 'Rename the cluster',
    body: { RenameClusterRequest },
    answer: { ClusterView },
  },
  {
    method: 'patch',
    path: '/cluster/members/{id}',
    does: 'Rename a machine; the name holds until it is changed in that machine’s own settings',
    body: { RenameMemberRequest },
    answer: { ClusterView },
  },
  {
    method: 'post',
    path: '/cluster/members/{id}/drain',
    does: 'Drain a machine: its models move to other machines, each ready there before it ends here, and no new ones are placed on it',
    body: { DrainRequest },
    answer: { DrainView },
  },
  {
    method: 'get',
    path: '/cluster/members/{id}/drain',
    does: 'The models that still run on a machine',
    answer: { DrainView },
  },
  {
    method: 'get',
    path: '/cluster/what-if',
    does: 'Preview what happens to each declaration if a machine leaves, for each machine',
    answer: { WhatIfView },
  },
  {
    method: 'get',
    path: '/cluster/events',
    does: 'Stream the cluster view whenever it changes, as server-sent events',
    media: SSE,
  },
  {
    method: 'get',
    path: '/cluster/doctor',
    does: 'Diagnose the connections between all machines, with remedies',
    answer: { DoctorReport },
  },
  {
    method: 'post',
    path: '/cluster/invite',
    does: 'Create a single-use invitation token for a machine',
    body: { InviteRequest },
    answer: { InviteAnswer },
    example: { body: { validForMs: 60_000 } },
    statuses: [201],
  },
  {
    method: 'post',
    path: '/cluster/measure',
    does: 'Measure the throughput between two machines',
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
  { method: 'delete', path: '/cluster/join', does: 'Cancel a joining in progress' },
  {
    method: 'post',
    path: '/cluster/requests/{id}',
    does: 'Accept or refuse a join request',
    body: { AdmissionAnswer },
  },
  { method: 'delete', path: '/members/{id}', does: 'Remove a machine from the cluster' },
]
