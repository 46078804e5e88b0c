import { z } from 'zod'
import { DurableOn, Message } from '../consensus/index'
import { Envelope, Observation } from '../events/event'
import { LogRecord } from '../events/record'
import { CommandId, InstanceId, ModelId, NodeId, RunnerId } from '../ids'
import { Command } from '../commands/command'
import { GenerationRequest, QueueKey } from '../generation/request'
import { PlacementErrorDetails } from '../state/meta-instances'
import { State } from '../state/state'
import { MAX_SUSPECTS, Suspicion } from '../suspects/suspicion'
import { Traceparent } from '../tracing/tracer'

/**
 * What passes between two nodes: one WebSocket over mutual TLS 1.3, pinned to the members' keys. Text messages are
 * the frames below as JSON. A binary message begins with a stream's number, `uint32` little-endian. What follows is the
 * next part of the message that a `parts` frame announced for that stream in that direction, and otherwise an item.
 */
export const PEER_PROTOCOL = 6
/** The oldest protocol that this version still speaks. */
export const OLDEST_PEER_PROTOCOL = 1

/** In bytes. A WebSocket message over this ends the link: whoever has one to send refuses that alone instead. */
export const MAX_PEER_FRAME_BYTES = 32 * 1024 * 1024

/** The first protocol in which large messages of streams travel in parts. */
export const PARTS_SINCE_PROTOCOL = 2
/** The first protocol whose machines continue tokens that are given as numbers. */
export const TOKENS_SINCE_PROTOCOL = 4
/** The first protocol in which a log is told by its latest epochs, and sides of a split are merged. */
export const MERGING_SINCE_PROTOCOL = 4
/** In bytes. An `open` or `item` over this travels in parts of just this size, the last one of what is left. */
export const PART_BYTES = 64 * 1024
/** In bytes. Items of bytes are cut only over this: what copies models makes chunks of a fit size itself. */
export const WHOLE_BYTES_ITEM_BYTES = 1024 * 1024
/** In bytes. What may be under way of a stream's parts, in each direction, before the receiver has taken any. */
export const PART_WINDOW_BYTES = 4 * PART_BYTES
/** In bytes. An `open` or `item` over this ends its stream alone. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024
/** In bytes. The same for what `watch` brings: all of the state. JavaScript reads no text of 512 MiB. */
export const MAX_WATCH_BYTES = 256 * 1024 * 1024
/** In bytes. What one link holds of opens that are not whole yet; the one that would go over it ends alone. */
export const MAX_HELD_OPEN_BYTES = 4 * MAX_MESSAGE_BYTES
/** In bytes. The same for items. */
export const MAX_HELD_ITEM_BYTES = MAX_WATCH_BYTES + 4 * MAX_MESSAGE_BYTES

const streamId = z.number().int().min(1).max(0xffff_ffff)

/** The first frame from either side. Who speaks, the certificate has proved already. */
export const Hello = z.object({
  type: z.literal('hello'),
  protocols: z.object({ from: z.number().int(), to: z.number().int() }),
  /** Drawn at every start: tells one that came back from a second machine with the same key. */
  boot: z.string().min(1).max(100),
  version: z.string().max(50),
  clusterId: z.string().max(100),
  /** Where this node listens, and at which addresses. */
  port: z.number().int().min(0).max(65535),
  addresses: z.array(z.string().max(100)).max(100),
  /** Datagrams for `port` that are signed with this key (32 bytes, base64) are answered. */
  probe: z.object({ port: z.number().int().min(0).max(65535), key: z.string().max(100) }),
})
export type Hello = z.infer<typeof Hello>

/** With the records that a `records` message speaks of. */
const Consensus = z.object({ type: z.literal('consensus'), message: Message, records: z.array(LogRecord).optional() })
/** Since protocol 4: a part of the snapshot that a `snapshot` message speaks of, which comes with the last one. */
const SnapshotPart = z.object({
  type: z.literal('snapshot'),
  message: Message,
  offset: z.number().int().nonnegative(),
  /** In bytes, of the whole. */
  of: z.number().int().positive().max(MAX_WATCH_BYTES),
  /** Base64. */
  data: z.string(),
})
/** To the master: what this node sees of itself. */
const Observe = z.object({ type: z.literal('observe'), events: z.array(Observation) })
const RelayedFrame = z.discriminatedUnion('type', [Consensus, SnapshotPart, Observe])
export type RelayedFrame = z.infer<typeof RelayedFrame>
const Relay = z.object({ type: z.literal('relay'), from: NodeId, to: NodeId, frame: RelayedFrame })
export type RelayFrame = z.infer<typeof Relay>

export const PeerFrame = z.discriminatedUnion('type', [
  Hello,
  Consensus,
  SnapshotPart,
  Observe,
  /** Since protocol 4: what one member says to another through a third, because they have no link. */
  Relay,
  /** Rank 0 of that runner's instance is about to work. */
  z.object({
    type: z.literal('wake'),
    runnerId: RunnerId,
    epoch: z.number().int().positive(),
    /** Of a request that it works for, where traces are kept. Older machines skip it. */
    traceparent: Traceparent.optional(),
  }),
  /** Asks for a stream; whoever opens it numbers it, the dialling side oddly. */
  z.object({ type: z.literal('open'), stream: streamId, kind: z.string().max(50), params: z.unknown() }),
  z.object({ type: z.literal('item'), stream: streamId, value: z.unknown() }),
  /** So many more items may be sent. */
  z.object({ type: z.literal('credit'), stream: streamId, count: z.number().int().positive() }),
  /** From the sending side: that was all, or this went wrong. */
  z.object({
    type: z.literal('end'),
    stream: streamId,
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  }),
  /** From the receiving side: no more is wanted. */
  z.object({ type: z.literal('cancel'), stream: streamId }),
  /**
   * Since protocol 2: the binary messages of this stream that follow in this direction are the parts of one message of
   * that many bytes, which is an `open` or `item` frame of this stream as JSON, or an item of bytes.
   */
  z.object({
    type: z.literal('parts'),
    stream: streamId,
    of: z.enum(['frame', 'bytes']),
    bytes: z.number().int().positive(),
  }),
  /** Since protocol 2, from whoever takes parts: so many more bytes of them may be sent. */
  z.object({ type: z.literal('room'), stream: streamId, bytes: z.number().int().positive() }),
])
export type PeerFrame = z.infer<typeof PeerFrame>
/** What is said about one stream. */
export type StreamFrame = Exclude<
  PeerFrame,
  { type: 'hello' | 'consensus' | 'snapshot' | 'observe' | 'relay' | 'wake' }
>

/** Items that may be under way before the receiver has taken any. */
export const STREAM_WINDOW = 64

type Speaker = Pick<Hello, 'protocols' | 'version'>

/** The highest protocol that both sides speak; undefined where there is none. */
export const commonProtocol = (
  { protocols: theirs }: Pick<Hello, 'protocols'>,
  { protocols: own }: Pick<Hello, 'protocols'> = { protocols: { from: OLDEST_PEER_PROTOCOL, to: PEER_PROTOCOL } },
): number | undefined => {
  const highest = Math.min(own.to, theirs.to)
  return highest >= own.from && highest >= theirs.from ? highest : undefined
}

/** A WebSocket's reason for closing may not be longer, in bytes. */
const LONGEST_REASON = 120

/** Why two machines cannot talk, and which of them to update: the same words for both. */
export const protocolRefusal = (one: Speaker, other: Speaker): string => {
  const [older, newer] = one.protocols.to < other.protocols.to ? [one, other] : [other, one]
  return `Muster ${older.version} is too old for Muster ${newer.version}: update Muster ${older.version}`
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, LONGEST_REASON)
}

/** A command for the master; answered by one `SubmitResult`. */
export const SubmitParams = z.object({ command: Command, commandId: CommandId })
export const SubmitResult = z.discriminatedUnion('status', [
  /** Durable; the state has it from that index of that term on. */
  z.object({
    status: z.literal('done'),
    index: z.number().int(),
    term: z.number().int(),
    durableOn: DurableOn.optional(),
  }),
  z.object({
    status: z.literal('refused'),
    refusal: z.object({
      code: z.enum(['not_found', 'conflict', 'invalid', 'cannot_place']),
      reason: z.string(),
      details: PlacementErrorDetails.optional(),
    }),
  }),
  /** Nothing was done, or nobody knows: ask whoever leads now. */
  z.object({ status: z.literal('not_master') }),
])
export type SubmitResult = z.infer<typeof SubmitResult>

/** What a follower sees of the state: all of it, then what happens. */
export const WatchItem = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('state'), state: State }),
  z.object({ kind: z.literal('events'), envelopes: z.array(Envelope) }),
])
export type WatchItem = z.infer<typeof WatchItem>
export const WatchParams = z.object({ term: z.number().int() })

/** A request for rank 0 of an instance; its items are generation updates. Without a `form` it is protocol 1's. */
export const GenerateParams = z.object({
  form: z.literal(2),
  request: GenerationRequest,
  instanceId: InstanceId,
  /** What the asking machine knows of runners that died while they were answering this request. Older machines skip it. */
  suspicion: Suspicion.optional(),
  /** Whose request it is, for the queue of the instance. Absent from versions that know no queue. */
  key: QueueKey.optional(),
  /** What its spans are a part of, where traces are kept. Older machines skip it. */
  traceparent: Traceparent.optional(),
})
export type GenerateParams = z.infer<typeof GenerateParams>

/** What a machine has learned of requests during which runners died; answered by `{}`. Older machines do not know it. */
export const SuspectsParams = z.object({ suspicions: z.array(Suspicion).max(MAX_SUSPECTS) })
/**
 * To the master: waits until no other machine runs that suspect. Answered by `{}` when it is the asker's turn, which
 * lasts until the stream ends. Older machines do not know it.
 */
export const SuspectTurnParams = z.object({ digest: Suspicion.shape.digest })

/** Measure how much your connections to that member carry; answered when it is known. */
export const MeasureParams = z.object({ nodeId: NodeId })

export const ModelParams = z.object({ modelId: ModelId })

/** A file of a model: a plain name. */
const PlainFileName = z.string().regex(/^(?!\.)[\w.-]{1,200}$/)
/** The settings of one step of an embedding model: the one kind of file that lies in a folder of the model's own. */
const StepFileName = z.string().regex(/^\d{1,2}_[A-Za-z]{1,50}\/config\.json$/)
const FileName = z.union([PlainFileName, StepFileName])
const listed = (name: typeof PlainFileName) =>
  z.array(z.object({ name, size: z.number().int().nonnegative() })).max(2000)
export const FileParams = z.object({ modelId: ModelId, name: FileName, offset: z.number().int().nonnegative() })
export const FileList = z.object({
  files: listed(PlainFileName),
  /** Apart from the others, which machines before protocol 3 take alone. */
  steps: listed(StepFileName).optional(),
})
/** SHA-256 of a whole file, hex. */
export const FileHash = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) })

/** What people do about a model on that machine's disk: fetch it, or end that and delete it. One answer. */
export const DownloadParams = z.object({ act: z.enum(['start', 'remove', 'pause', 'resume']), modelId: ModelId })
export type DownloadParams = z.infer<typeof DownloadParams>
export const DownloadResult = z.discriminatedUnion('status', [
  z.object({ status: z.literal('done') }),
  z.object({ status: z.literal('refused'), code: z.string(), message: z.string(), hint: z.string() }),
])
export type DownloadResult = z.infer<typeof DownloadResult>
