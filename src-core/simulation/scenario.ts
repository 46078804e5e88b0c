import { z } from 'zod'
import { ApiKeyId, Bytes, InstanceId, MetaInstanceId, ModelId, NodeId, TaskId, Timestamp } from '../ids'
import { ModelCard } from '../placement/model-card'
import { CreateMetaInstanceRequest, PlaceInstanceRequest, UpdateMetaInstanceRequest } from '../protocols/control'
import { SettingChange } from '../settings/cluster'
import { GivenName } from '../settings/given-name'
import { ApiKey, ApiKeyChanges, ApiKeyLimits } from '../state/api-keys'
import { InterfaceType } from '../state/nodes'
import { RunnerStatus } from '../state/runners'

/**
 * A scenario: a world of simulated machines and what happens to it, in virtual milliseconds. Nothing
 * in it may be unknown: a misspelt field would make a scenario that tests something else.
 */

/** When a step happens, in virtual milliseconds. */
const when = { at: Timestamp }

/** Whose instance is meant: a declaration's current one, or one that was placed directly. */
const owner = { metaInstance: MetaInstanceId.optional(), instance: InstanceId.optional() }

const runnerStatuses = RunnerStatus.options.map((option) => option.shape.status.value)

const AddNode = z.strictObject({
  ...when,
  do: z.literal('addNode'),
  node: NodeId,
  friendlyName: z.string().min(1).max(100).optional(),
  ramTotal: Bytes.optional(),
  ramAvailable: Bytes.optional(),
  /** Bytes per second. */
  memoryBandwidth: z.number().positive().optional(),
})

const Connect = z.strictObject({
  ...when,
  do: z.literal('connect'),
  from: NodeId,
  to: NodeId,
  ip: z.string().min(1),
  /** With it the edge back is made as well. */
  reverseIp: z.string().min(1).optional(),
  interfaceType: InterfaceType.default('unknown'),
  latencyMs: z.number().nonnegative().optional(),
  bytesPerSecond: z.number().positive().optional(),
})

const Disconnect = z.strictObject({
  ...when,
  do: z.literal('disconnect'),
  from: NodeId,
  to: NodeId,
  ip: z.string().min(1),
  /** Also the way back that the same `connect` made. */
  both: z.boolean().default(false),
})

const ConnectRdma = z.strictObject({
  ...when,
  do: z.literal('connectRdma'),
  from: NodeId,
  to: NodeId,
  fromInterface: z.string().min(1),
  toInterface: z.string().min(1),
})

const DisconnectRdma = ConnectRdma.omit({ toInterface: true }).extend({
  do: z.literal('disconnectRdma'),
  toInterface: z.string().min(1).optional(),
})

/** Where several nodes decide: the node whose API takes the command, which brings it to its master. */
const via = { via: NodeId.optional() }

const CreateMetaInstance = CreateMetaInstanceRequest.extend({
  ...when,
  ...via,
  do: z.literal('createMetaInstance'),
  id: MetaInstanceId,
  /** Refuse what cannot be placed now. */
  validate: z.boolean().default(false),
})

const UpdateMetaInstance = UpdateMetaInstanceRequest.extend({
  ...when,
  ...via,
  do: z.literal('updateMetaInstance'),
  id: MetaInstanceId,
})

const PlaceInstance = PlaceInstanceRequest.extend({ ...when, ...via, do: z.literal('placeInstance'), id: InstanceId })

const onMetaInstance = <Name extends string>(name: Name) =>
  z.strictObject({ ...when, ...via, do: z.literal(name), id: MetaInstanceId })
const onTask = <Name extends string>(name: Name) => z.strictObject({ ...when, ...via, do: z.literal(name), id: TaskId })
const onNode = <Name extends string>(name: Name) => z.strictObject({ ...when, do: z.literal(name), node: NodeId })

const FailRunner = z.strictObject({
  ...when,
  do: z.literal('failRunner'),
  ...owner,
  node: NodeId,
  error: z.string().default(''),
  /** Of its failure, such as `model_file`. */
  code: z.string().optional(),
  /** The instance's other runners go on. */
  only: z.boolean().default(false),
})

const ShutdownRunner = z.strictObject({ ...when, do: z.literal('shutdownRunner'), ...owner, node: NodeId })

const ReportRunner = z.strictObject({
  ...when,
  do: z.literal('runner'),
  ...owner,
  node: NodeId,
  status: z.enum(runnerStatuses),
  errorMessage: z.string().optional(),
  layersLoaded: z.number().int().nonnegative().optional(),
})

const StartTask = z.strictObject({
  ...when,
  ...via,
  do: z.literal('startTask'),
  id: TaskId,
  ...owner,
  /** From the moment it runs; without it the task runs until it is completed. */
  durationMs: Timestamp.optional(),
})

// With several deciding nodes (`replicas`).

/** Nodes of different groups do not reach one another; those that no group names are one more. */
const Partition = z.strictObject({
  ...when,
  do: z.literal('partition'),
  groups: z.array(z.array(NodeId).min(1)).min(1),
})

/** These two do not reach one another any more, or do again, whomever else they reach. */
const between = { ...when, between: z.tuple([NodeId, NodeId]) }
const Cut = z.strictObject({ ...between, do: z.literal('cut') })
const Mend = z.strictObject({ ...between, do: z.literal('mend') })

const Sleep = onNode('sleep').extend({
  /** It says so before; false for one that stops in the middle of a word. */
  announced: z.boolean().default(true),
})

const onApiKey = <Name extends string>(name: Name) =>
  z.strictObject({ ...when, ...via, do: z.literal(name), id: ApiKeyId })

/** The power of a machine goes: what was not synced is not on its disk. */
const CrashNode = onNode('crashNode').extend({
  /** A part of what was being written is there. */
  torn: z.boolean().default(false),
})

/** A machine's system clock is set, forth or back; what counts from some moment on is not touched. */
const SetClock = onNode('setClock').extend({ byMs: z.number().int() })

/** How a machine's disk is from now on. */
const SetDisk = onNode('disk').extend({
  /** `slow` by `delayMs`; `hangs`: nothing comes of what is asked until it changes; `full`; `refuses`: whatever changes it. */
  mode: z.enum(['sound', 'slow', 'hangs', 'full', 'refuses']),
  delayMs: Timestamp.default(0),
})

/** What happens to messages between nodes from now on. */
const Network = z.strictObject({
  ...when,
  do: z.literal('network'),
  /** The part that is lost: messages of the consensus for good, the rest until it is sent again. */
  loss: z.number().min(0).max(0.9).default(0),
  delayMs: Timestamp.default(1),
  /** Each is late by up to so much more, by the seed; their order stays. */
  jitterMs: Timestamp.default(0),
  /** The part of the consensus's messages that come twice. */
  duplication: z.number().min(0).max(0.9).default(0),
  /** What each connection carries in one direction; what more is to be said waits. Without it, as much as there is. */
  bytesPerSecond: z.number().positive().optional(),
})

export const CardMode = z.enum(['ok', 'error', 'hang'])
export type CardMode = z.infer<typeof CardMode>

const SetModelCard = z.strictObject({
  ...when,
  do: z.literal('modelCard'),
  modelId: ModelId,
  mode: CardMode,
  error: z.string().min(1).optional(),
})

export const Step = z.discriminatedUnion('do', [
  AddNode,
  Connect,
  Disconnect,
  ConnectRdma,
  DisconnectRdma,
  CreateMetaInstance,
  UpdateMetaInstance,
  onMetaInstance('deleteMetaInstance'),
  onMetaInstance('restartMetaInstance'),
  /** A request comes for what is outside its hours, and this node loads on request. */
  onMetaInstance('wakeMetaInstance').extend({ idleSeconds: z.number().nonnegative().optional() }),
  PlaceInstance,
  z.strictObject({ ...when, ...via, do: z.literal('deleteInstance'), id: InstanceId }),
  FailRunner,
  ShutdownRunner,
  ReportRunner,
  StartTask,
  onTask('completeTask'),
  onTask('cancelTask'),
  onNode('silence'),
  onNode('resume'),
  onNode('removeNode'),
  onNode('setMemory').extend({ ramAvailable: Bytes }),
  /** The machine has the model, in files of this fingerprint; null: it has it no more. */
  onNode('setFiles').extend({ modelId: ModelId, fingerprint: z.string().nullable() }),
  SetModelCard,
  /** The system's clock of all machines is set, as a person or a time server does. */
  z.strictObject({ ...when, do: z.literal('setWallClock'), to: z.iso.datetime() }),
  z.strictObject({ ...when, do: z.literal('crashMaster') }),
  Partition,
  Cut,
  Mend,
  z.strictObject({ ...when, do: z.literal('heal') }),
  CrashNode,
  SetClock,
  SetDisk,
  onNode('restartNode'),
  Sleep,
  onNode('wake'),
  Network,
  onNode('removeMember').extend(via),
  /** A person lets a machine in again that was removed, has heard so, and reaches the machine that they ask. */
  onNode('admitMember').extend(via),
  /** A person gives a machine another name, or drains it and takes that back. */
  onNode('renameMember').extend({ ...via, friendlyName: GivenName }),
  onNode('drainMember').extend({ ...via, drained: z.boolean() }),
  z.strictObject({ ...when, ...via, do: z.literal('changeSetting'), change: SettingChange }),
  /** A person makes a key for the API, changes it, or takes it back. */
  onApiKey('createApiKey').extend({ name: ApiKey.shape.name, limits: ApiKeyLimits.optional() }),
  onApiKey('updateApiKey').extend({ changes: ApiKeyChanges }),
  onApiKey('revokeApiKey'),
])
export type Step = z.infer<typeof Step>
export type StepOf<Name extends Step['do']> = Extract<Step, { do: Name }>

/** A model as a scenario describes it. */
export const SimulatedModel = z.strictObject({
  ...ModelCard.omit({ modelId: true }).shape,
  supportsTensor: z.boolean().default(false),
  supportsPipeline: z.boolean().default(true),
})

/** How simulated runners behave. */
export const RunnerBehaviour = z.strictObject({
  /** False: they report nothing until a step says so. */
  auto: z.boolean().default(true),
  connectMs: Timestamp.default(200),
  loadMs: Timestamp.default(1000),
  warmUpMs: Timestamp.default(0),
  /** Each runner connects up to this much later, by the seed. */
  jitterMs: Timestamp.default(0),
})
export type RunnerBehaviour = z.infer<typeof RunnerBehaviour>

/** Everything of a scenario but its steps. */
export const ScenarioSettings = z.strictObject({
  /** What this scenario promises, for those who read it. */
  promise: z.string().optional(),
  seed: z.number().int().nonnegative().default(1),
  /** When it ends; without it 60 s after the last step. */
  until: Timestamp.optional(),
  /** What the system's clocks say at the beginning; 1970 without it. */
  wallClock: z.iso.datetime().optional(),
  models: z.record(z.string(), SimulatedModel).default({}),
  runner: RunnerBehaviour.prefault({}),
  /** Nodes that each run the consensus with a log of their own, members of one cluster; without it one master decides. */
  replicas: z.array(NodeId).min(1).optional(),
})

export const Scenario = ScenarioSettings.extend({ steps: z.array(Step).default([]) })
export type Scenario = z.infer<typeof Scenario>
