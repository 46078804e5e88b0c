import type { DescribedError } from './described-error'

/** Why a model cannot be placed. A declaration with one of these is kept and placed as soon as possible. */
export const PLACEMENT_ERRORS = {
  cannot_place: {
    statuses: [400],
    cause: 'There is no place for one instance; the details have the funnel: who was looked at and who fell out where',
    remedy: 'Read the message: it says which machines lack what',
  },
  no_machines: {
    statuses: [400],
    cause: 'No machine of the cluster is ready to run models',
    remedy: 'Wake or connect one, or finish its setup: `muster nodes` says what each lacks',
  },
  too_few_machines: {
    statuses: [400],
    cause: 'Fewer machines than asked for are left once those are taken away that cannot be used',
    remedy: 'Start more of them, ask for fewer with `minNodes`, or name others',
  },
  not_connected: {
    statuses: [400],
    cause: 'There are enough machines, but not that many that reach one another',
    remedy: '`muster doctor` says which connections are missing and why',
  },
  not_enough_memory: {
    statuses: [400],
    cause: 'No machine, and no group of connected ones, has as much free memory as the model needs',
    remedy: 'End or pause another model, lower `maxContext`, or take a smaller quantisation',
  },
  no_rdma: {
    statuses: [400],
    cause: '`MlxJaccl` was asked for, and no machines are joined by RDMA',
    remedy: 'Do what the message says of each pair, or use `MlxRing`',
  },
  too_many_for_rdma: {
    statuses: [400],
    cause: 'RDMA joins at most eight machines, and more were asked for',
    remedy: 'Ask for fewer, or use `MlxRing`',
  },
  not_shared_out: {
    statuses: [400],
    cause: 'An embedding model runs on one machine, and several were asked for',
    remedy: 'Leave `minNodes` and `nodeIds` at one machine',
  },
  unsuitable_draft: {
    statuses: [400],
    cause: 'The draft model that was named cannot guess for the model: it is not smaller, or nothing is written',
    remedy: 'Name a smaller model of the same family, or leave `draftModelId` out',
  },
  tensor_unsupported: {
    statuses: [400],
    cause: 'The architecture of the model cannot be shared out by tensors',
    remedy: 'Use `Pipeline`',
  },
  pipeline_unsupported: {
    statuses: [400],
    cause: 'The architecture of the model cannot be shared out by layers',
    remedy: 'Use `Tensor`',
  },
  indivisible: {
    statuses: [400],
    cause: 'The sizes of the model cannot be divided by the number of machines',
    remedy: 'Use a number of machines that divides them, or `Pipeline`',
  },
  too_few_layers: {
    statuses: [400],
    cause: 'The model has fewer layers than machines were asked for',
    remedy: 'Use fewer machines',
  },
  cannot_load: {
    statuses: [400],
    cause: 'Too few machines are left because some tried to load these very files and could not',
    remedy: 'Bring whole files there; it is tried again when they change, or after `muster restart`',
  },
  model_card: {
    statuses: [],
    cause: 'What the model is could not be read, from any disk or from the hub',
    remedy: 'Look at the reason: the files, or the connection to the hub',
  },
} as const satisfies Readonly<Record<string, DescribedError>>
