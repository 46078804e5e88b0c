import type { DescribedError } from './described-error'

/** Why a model cannot be placed. A declaration with one of these is kept and placed as soon as possible. */
export const PLACEMENT_ERRORS = {
  cannot_place: {
    statuses: [400],
    cause:
      'An instance cannot be placed; the details have the funnel: the machines considered and the rule that excluded each',
    remedy: 'Read the message: it says what each machine lacks',
  },
  no_machines: {
    statuses: [400],
    cause: 'No machine of the cluster is ready to run models',
    remedy: 'Wake or connect one, or finish its setup; `muster nodes` says what each lacks',
  },
  too_few_machines: {
    statuses: [400],
    cause: 'Fewer usable machines than requested are left',
    remedy: 'Start more machines, lower `minNodes`, or name others',
  },
  not_connected: {
    statuses: [400],
    cause: 'There are enough machines, but too few of them reach one another',
    remedy: '`muster doctor` says which connections are missing and why',
  },
  not_enough_memory: {
    statuses: [400],
    cause: 'No machine, and no group of connected machines, has enough free memory for the model',
    remedy: 'End or pause another model, lower `maxContext`, or take a smaller quantisation',
  },
  no_rdma: {
    statuses: [400],
    cause: '`MlxJaccl` was requested, and no machines are joined by RDMA',
    remedy: 'Do what the message says of each pair, or use `MlxRing`',
  },
  too_many_for_rdma: {
    statuses: [400],
    cause: 'RDMA joins at most eight machines, and more were requested',
    remedy: 'Request fewer, or use `MlxRing`',
  },
  not_shared_out: {
    statuses: [400],
    cause: 'An embedding model runs on one machine, and several were requested',
    remedy: 'Leave `minNodes` and `nodeIds` at one machine',
  },
  unsuitable_draft: {
    statuses: [400],
    cause: 'The draft model cannot be used: it is not smaller than the model, or the model generates no text',
    remedy: 'Name a smaller model of the same family, or leave `draftModelId` out',
  },
  unsuitable_adapter: {
    statuses: [400],
    cause: 'What was named as a LoRA adapter is none, or the model cannot take one',
    remedy: 'Name an adapter in the format of mlx-lm or PEFT that was trained for the model, or leave `adapterId` out',
  },
  context_too_long: {
    statuses: [400],
    cause: '`maxContext` asks for more tokens than the model has a context for',
    remedy: 'Give at most the number that the message names, or leave `maxContext` out',
  },
  tensor_unsupported: {
    statuses: [400],
    cause: 'The architecture of the model does not support tensor sharding',
    remedy: 'Use `Pipeline`',
  },
  pipeline_unsupported: {
    statuses: [400],
    cause: 'The architecture of the model does not support pipeline sharding',
    remedy: 'Use `Tensor`',
  },
  indivisible: {
    statuses: [400],
    cause: 'The model’s dimensions are not divisible by the number of machines',
    remedy: 'Use a number of machines that divides them, or `Pipeline`',
  },
  too_few_layers: {
    statuses: [400],
    cause: 'The model has fewer layers than machines were requested',
    remedy: 'Use fewer machines',
  },
  cannot_load: {
    statuses: [400],
    cause: 'Too few machines are left because some have failed to load these files',
    remedy: 'Replace the files there; loading is retried when they change, or after `muster restart`',
  },
  model_card: {
    statuses: [],
    cause: 'The model’s description could not be read from any disk or from the hub',
    remedy: 'Check the files, or the connection to the hub; the reason says which',
  },
} as const satisfies Readonly<Record<string, DescribedError>>
