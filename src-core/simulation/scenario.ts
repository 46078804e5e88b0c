import { z } from 'zod'
import { InstanceId, MetaInstanceId, ModelId, NodeId, TaskId } from '../ids'
import { ModelCard } from '../placement/model-card'
import { CreateMetaInstanceRequest, PlaceInstanceRequest, UpdateMetaInstanceRequest } from '../protocols/control'
import { InterfaceType } from '../state/nodes'

/** Virtual milliseconds since the beginning. */
const Instant = z.number().int().nonnegative()

const bytes = z.number().int().nonnegative()

const of = <Name extends string, Shape extends z.core.$ZodLooseShape>(name: Name, shape: Shape) =>
  z.strictObject({ at: Instant, do: z.literal(name), ...shape })

/** A declaration by its id, or an instance that was placed directly. */
const target = { metaInstance: MetaInstanceId.optional(), instance: InstanceId.optional() }

const RunnerWord = z.enum([
  'Connecting',
  'Loading',
  'WarmingUp',
  'Ready',
  'Running',
  'ShuttingDown',
  'Shutdown',
  'Failed',
])

export const Step = z.discriminatedUnion('do', [
  of('addNode', {
    node: NodeId,
    friendlyName: z.string().min(1).optional(),
    ramTotal: bytes,
    ramAvailable: bytes,
    memoryBandwidth: z.number().positive().optional(),
  }),
  of('removeNode', { node: NodeId }),
  of('silence', { node: NodeId }),
  of('resume', { node: NodeId }),
  of('setMemory', { node: NodeId, ramAvailable: bytes }),
  of('connect', {
    from: NodeId,
    to: NodeId,
    ip: z.string().min(1),
    reverseIp: z.string().min(1).optional(),
    interfaceType: InterfaceType.default('unknown'),
    latencyMs: z.number().nonnegative().optional(),
    bytesPerSecond: z.number().positive().optional(),
  }),
  of('disconnect', { from: NodeId, to: NodeId, ip: z.string().min(1), both: z.boolean().default(false) }),
  of('connectRdma', { from: NodeId, to: NodeId, fromInterface: z.string().min(1), toInterface: z.string().min(1) }),
  of('disconnectRdma', { from: NodeId, to: NodeId, fromInterface: z.string().min(1) }),
  of('createMetaInstance', {
    id: MetaInstanceId,
    /** Refuse what cannot be placed now. */
    validate: z.boolean().default(false),
    ...CreateMetaInstanceRequest.shape,
  }),
  of('updateMetaInstance', { id: MetaInstanceId, ...UpdateMetaInstanceRequest.shape }),
  of('restartMetaInstance', { id: MetaInstanceId }),
  of('deleteMetaInstance', { id: MetaInstanceId }),
  of('placeInstance', { id: InstanceId, ...PlaceInstanceRequest.shape }),
  of('deleteInstance', { id: InstanceId }),
  of('failRunner', { ...target, node: NodeId, error: z.string(), only: z.boolean().default(false) }),
  of('shutdownRunner', { ...target, node: NodeId }),
  of('runner', { ...target, node: NodeId, status: RunnerWord, errorMessage: z.string().optional() }),
  of('startTask', { ...target, id: TaskId, durationMs: z.number().int().nonnegative().optional() }),
  of('completeTask', { id: TaskId }),
  of('cancelTask', { id: TaskId }),
  of('modelCard', { modelId: ModelId, mode: z.enum(['ok', 'error', 'hang']), error: z.string().optional() }),
  of('crashMaster', {}),
])
export type Step = z.infer<typeof Step>
export type StepOf<Name extends Step['do']> = Extract<Step, { do: Name }>

const SimulatedCard = ModelCard.omit({ modelId: true }).extend({
  supportsTensor: z.boolean().default(false),
  supportsPipeline: z.boolean().default(true),
})

export const Scenario = z.strictObject({
  /** What it shows, for people. */
  about: z.string().optional(),
  /** Kept for what is drawn by lot; the core draws nothing. */
  seed: z.number().int().default(1),
  /** When the run ends; a minute after the last step where it is not said. */
  until: Instant.optional(),
  models: z.record(z.string().min(1), SimulatedCard.strict()).default({}),
  runner: z
    .strictObject({
      /** Without it runners report nothing until a `runner` step says so. */
      auto: z.boolean().default(true),
      connectMs: Instant.default(200),
      loadMs: Instant.default(1000),
    })
    .prefault({}),
  steps: z.array(Step),
})
export type Scenario = z.infer<typeof Scenario>
