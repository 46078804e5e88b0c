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
 * A scenario: simulated machines and the steps that happen to them, in virtual milliseconds. All schemas are strict: a
 * misspelt field would otherwise produce a scenario that tests something else.
 */

/** When a step happens, in virtual milliseconds. */
const when = { at: Timestamp }

/** The instance that a step refers to: a declaration's current one, or one that was placed directly. */
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
  /** Also creates the edge in the opposite direction, at this address. */
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
  /** Also removes the opposite edge that the same `connect` created. */
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

/** With several deciding nodes: the node whose API receives the command and forwards it to its master. */
const via = { via: NodeId.optional() }

const CreateMetaInstance = CreateMetaInstanceRequest.extend({
  ...when,
  ...via,
  do: z.literal('createMetaInstance'),
  id: MetaInstanceId,
  /** Refuse a declaration that cannot be placed now. */
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
  /** Code of the failure, such as `model_file`. */
  code: z.string().optional(),
  /** The instance's other runners continue. */
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
  /** Counted from when it runs; absent: it runs until a step completes it. */
  durationMs: Timestamp.optional(),
})

// Steps for several deciding nodes (`replicas`).

/** Nodes of different groups cannot reach one another. Nodes in no group form one more group. */
const Partition = z.strictObject({
  ...when,
  do: z.literal('partition'),
  groups: z.array(z.array(NodeId).min(1)).min(1),
})

/** Two nodes lose or regain their direct connection; their other connections are not affected. */
const between = { ...when, between: z.tuple([NodeId, NodeId]) }
const Cut = z.strictObject({ ...between, do: z.literal('cut') })
const Mend = z.strictObject({ ...between, do: z.literal('mend') })

const Sleep = onNode('sleep').extend({
  /** Whether the node announces it before; false: it stops without notice. */
  announced: z.boolean().default(true),
  /** Whether the machine's monotonic clock and timers stand still meanwhile, as on Linux; on macOS they run on. */
  clockStands: z.boolean().default(false),
})

const onApiKey = <Name extends string>(name: Name) =>
  z.strictObject({ ...when, ...via, do: z.literal(name), id: ApiKeyId })

/** A machine loses power: writes that were not synced are not on its disk. */
const CrashNode = onNode('crashNode').extend({
  /** Part of the write in progress is on the disk. */
  torn: z.boolean().default(false),
})

/** Sets a machine's system clock forward or back. Monotonic time is not affected. */
const SetClock = onNode('setClock').extend({ byMs: z.number().int() })

/** Sets how a machine's disk behaves from now on. */
const SetDisk = onNode('disk').extend({
  /**
   * `slow`: each operation takes `delayMs`; `hangs`: operations do not return until the mode changes; `full`: no space
   * left; `refuses`: every change fails.
   */
  mode: z.enum(['sound', 'slow', 'hangs', 'full', 'refuses']),
  delayMs: Timestamp.default(0),
})

/** Sets how messages between nodes are delivered from now on. */
const Network = z.strictObject({
  ...when,
  do: z.literal('network'),
  /** Share of messages lost. Messages of the consensus are lost for good; all others are retransmitted. */
  loss: z.number().min(0).max(0.9).default(0),
  delayMs: Timestamp.default(1),
  /** Maximum additional delay of a message, drawn from the seed. The order of messages is kept. */
  jitterMs: Timestamp.default(0),
  /** Share of the consensus's messages that are delivered twice. */
  duplication: z.number().min(0).max(0.9).default(0),
  /** Bandwidth of each connection in one direction; further messages wait. Absent: unlimited. */
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
  /** A request for a declaration outside its hours arrives at a node that loads on request. */
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
  /** The machine has the model in files with this fingerprint; null: it no longer has it. */
  onNode('setFiles').extend({ modelId: ModelId, fingerprint: z.string().nullable() }),
  SetModelCard,
  /** Sets the system clock of all machines, as a person or a time server does. */
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
  /** Copies what is on a machine's disk; `restore` puts that in place of what is there then, while the machine is off. */
  onNode('backUp'),
  onNode('restore'),
  Sleep,
  onNode('wake'),
  Network,
  onNode('removeMember').extend(via),
  /** People let a machine in again that was removed, has learned of it, and reaches the machine that they ask. */
  onNode('admitMember').extend(via),
  /** People give a machine another name, or start or cancel its drain. */
  onNode('renameMember').extend({ ...via, friendlyName: GivenName }),
  onNode('drainMember').extend({ ...via, drained: z.boolean() }),
  z.strictObject({ ...when, ...via, do: z.literal('changeSetting'), change: SettingChange }),
  /** People create an API key, change it, or revoke it. */
  onApiKey('createApiKey').extend({ name: ApiKey.shape.name, limits: ApiKeyLimits.optional() }),
  onApiKey('updateApiKey').extend({ changes: ApiKeyChanges }),
  onApiKey('revokeApiKey'),
])
export type Step = z.infer<typeof Step>
export type StepOf<Name extends Step['do']> = Extract<Step, { do: Name }>

/** A model card in a scenario. */
export const SimulatedModel = z.strictObject({
  ...ModelCard.omit({ modelId: true }).shape,
  supportsTensor: z.boolean().default(false),
  supportsPipeline: z.boolean().default(true),
})

/** How simulated runners behave. */
export const RunnerBehaviour = z.strictObject({
  /** False: they report nothing until a step makes them. */
  auto: z.boolean().default(true),
  connectMs: Timestamp.default(200),
  loadMs: Timestamp.default(1000),
  warmUpMs: Timestamp.default(0),
  /** Maximum additional time for each runner to connect, drawn from the seed. */
  jitterMs: Timestamp.default(0),
})
export type RunnerBehaviour = z.infer<typeof RunnerBehaviour>

/** A scenario without its steps. */
export const ScenarioSettings = z.strictObject({
  /** What this scenario shows, for people who read it. */
  promise: z.string().optional(),
  seed: z.number().int().nonnegative().default(1),
  /** When it ends; default: 60 s after the last step. */
  until: Timestamp.optional(),
  /** System time of all machines at the start; default: 1970. */
  wallClock: z.iso.datetime().optional(),
  models: z.record(z.string(), SimulatedModel).default({}),
  runner: RunnerBehaviour.prefault({}),
  /** Members of one cluster that each run the consensus with their own log; absent: a single master decides. */
  replicas: z.array(NodeId).min(1).optional(),
})

export const Scenario = ScenarioSettings.extend({ steps: z.array(Step).default([]) })
export type Scenario = z.infer<typeof Scenario>
