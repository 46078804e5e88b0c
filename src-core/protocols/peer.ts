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
 * The protocol between two nodes: one WebSocket over mutual TLS 1.3, pinned to the members' keys. Text messages are the
 * frames below, as JSON. A binary message starts with the stream's id, `uint32` little-endian; the rest is the next
 * part of the message that a `parts` frame announced for that stream and direction, or else an item.
 */
export const PEER_PROTOCOL = 7
/** Oldest protocol that this version still speaks. */
export const OLDEST_PEER_PROTOCOL = 1

/**
 * In bytes. A larger WebSocket message closes the link, so a sender must reject such a message instead of sending it.
 */
export const MAX_PEER_FRAME_BYTES = 32 * 1024 * 1024

/** First protocol that splits large stream messages into parts. */
export const PARTS_SINCE_PROTOCOL = 2
/** First protocol that continues prompts given as token ids. */
export const TOKENS_SINCE_PROTOCOL = 4
/** First protocol that describes logs by their latest epochs and merges the sides of a split. */
export const MERGING_SINCE_PROTOCOL = 4
/** Part size in bytes: a larger `open` or `item` is sent in parts of exactly this size, except the last. */
export const PART_BYTES = 64 * 1024
/** In bytes. Items of bytes are split only above this size; model transfer already sends suitable chunks. */
export const WHOLE_BYTES_ITEM_BYTES = 1024 * 1024
/** Flow control window in bytes: parts of a stream in flight in each direction. */
export const PART_WINDOW_BYTES = 4 * PART_BYTES
/** In bytes. A larger `open` or `item` ends its stream only. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024
/** In bytes. The same limit for `watch`, which sends the whole state. JavaScript strings cannot hold 512 MiB. */
export const MAX_WATCH_BYTES = 256 * 1024 * 1024
/** In bytes. Total of incomplete opens buffered per link; one that would exceed it is rejected alone. */
export const MAX_HELD_OPEN_BYTES = 4 * MAX_MESSAGE_BYTES
/** In bytes. The same for items. */
export const MAX_HELD_ITEM_BYTES = MAX_WATCH_BYTES + 4 * MAX_MESSAGE_BYTES

const streamId = z.number().int().min(1).max(0xffff_ffff)

/** First frame from either side. The certificate has already proved the sender's identity. */
export const Hello = z.object({
  type: z.literal('hello'),
  protocols: z.object({ from: z.number().int(), to: z.number().int() }),
  /** Random at every start: distinguishes a restart from a second machine with the same key. */
  boot: z.string().min(1).max(100),
  version: z.string().max(50),
  clusterId: z.string().max(100),
  /** Listening port and addresses of this node. */
  port: z.number().int().min(0).max(65535),
  addresses: z.array(z.string().max(100)).max(100),
  /** UDP port that answers datagrams signed with this key (32 bytes, base64). */
  probe: z.object({ port: z.number().int().min(0).max(65535), key: z.string().max(100) }),
})
export type Hello = z.infer<typeof Hello>

/** Includes the records that a `records` message refers to. */
const Consensus = z.object({ type: z.literal('consensus'), message: Message, records: z.array(LogRecord).optional() })
/** Since protocol 4: one part of a snapshot; the `snapshot` message goes with the last one. */
const SnapshotPart = z.object({
  type: z.literal('snapshot'),
  message: Message,
  offset: z.number().int().nonnegative(),
  /** Total bytes of the snapshot. */
  of: z.number().int().positive().max(MAX_WATCH_BYTES),
  /** Base64. */
  data: z.string(),
})
/** To the master: this node's observations. */
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
  /** Since protocol 4: forwards a frame between two members that have no link. */
  Relay,
  /** Rank 0 of that runner's instance is about to start work. */
  z.object({
    type: z.literal('wake'),
    runnerId: RunnerId,
    epoch: z.number().int().positive(),
    /** Trace context of a request that it works for, if tracing is on. Older machines ignore it. */
    traceparent: Traceparent.optional(),
  }),
  /** Opens a stream. The opener assigns the id; the dialling side uses odd ones. */
  z.object({ type: z.literal('open'), stream: streamId, kind: z.string().max(50), params: z.unknown() }),
  z.object({ type: z.literal('item'), stream: streamId, value: z.unknown() }),
  /** Grants credit for this many more items. */
  z.object({ type: z.literal('credit'), stream: streamId, count: z.number().int().positive() }),
  /** From the sending side: the stream is complete, or failed with this error. */
  z.object({
    type: z.literal('end'),
    stream: streamId,
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  }),
  /** From the receiving side: stop sending. */
  z.object({ type: z.literal('cancel'), stream: streamId }),
  /**
   * Since protocol 2: announces that the following binary messages of this stream and direction are the parts of one
   * message of this many bytes: an `open` or `item` frame as JSON, or an item of bytes.
   */
  z.object({
    type: z.literal('parts'),
    stream: streamId,
    of: z.enum(['frame', 'bytes']),
    bytes: z.number().int().positive(),
  }),
  /** Since protocol 2, from the receiver of parts: grants credit for this many more bytes. */
  z.object({ type: z.literal('room'), stream: streamId, bytes: z.number().int().positive() }),
])
export type PeerFrame = z.infer<typeof PeerFrame>
/** Frames of a single stream. */
export type StreamFrame = Exclude<
  PeerFrame,
  { type: 'hello' | 'consensus' | 'snapshot' | 'observe' | 'relay' | 'wake' }
>

/** Initial credit: items in flight before the receiver grants more. */
export const STREAM_WINDOW = 64

type Speaker = Pick<Hello, 'protocols' | 'version'>

/** Returns the highest protocol that both sides speak; undefined if there is none. */
export const commonProtocol = (
  { protocols: theirs }: Pick<Hello, 'protocols'>,
  { protocols: own }: Pick<Hello, 'protocols'> = { protocols: { from: OLDEST_PEER_PROTOCOL, to: PEER_PROTOCOL } },
): number | undefined => {
  const highest = Math.min(own.to, theirs.to)
  return highest >= own.from && highest >= theirs.from ? highest : undefined
}

/** Maximum length of a WebSocket close reason, in bytes. */
const MAX_CLOSE_REASON_BYTES = 120

/** Says why two machines cannot talk and which one to update; both sides produce the same text. */
export const protocolRefusal = (one: Speaker, other: Speaker): string => {
  const [older, newer] = one.protocols.to < other.protocols.to ? [one, other] : [other, one]
  return `Muster ${older.version} is too old for Muster ${newer.version}: update Muster ${older.version}`
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, MAX_CLOSE_REASON_BYTES)
}

/** A command for the master; answered by one `SubmitResult`. */
export const SubmitParams = z.object({ command: Command, commandId: CommandId })
export const SubmitResult = z.discriminatedUnion('status', [
  /** Durable, and part of the state from this index and term on. */
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
  /** Not done, or outcome unknown: submit it to the current leader. */
  z.object({ status: z.literal('not_master') }),
])
export type SubmitResult = z.infer<typeof SubmitResult>

/** The state as sent to a follower: a full copy first, then events. */
export const WatchItem = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('state'), state: State }),
  z.object({ kind: z.literal('events'), envelopes: z.array(Envelope) }),
])
export type WatchItem = z.infer<typeof WatchItem>
export const WatchParams = z.object({ term: z.number().int() })

/** A request for rank 0 of an instance; its items are generation updates. Without `form` it is protocol 1's. */
export const GenerateParams = z.object({
  form: z.literal(2),
  request: GenerationRequest,
  instanceId: InstanceId,
  /** What the sender knows about runners that died during this request. Older machines ignore it. */
  suspicion: Suspicion.optional(),
  /** Owner of the request, for the instance's fair queue. Absent from versions without a queue. */
  key: QueueKey.optional(),
  /** Trace context, if tracing is on. Older machines ignore it. */
  traceparent: Traceparent.optional(),
})
export type GenerateParams = z.infer<typeof GenerateParams>

/** What a machine has learned about requests during which runners died; answered by `{}`. Unknown to older machines. */
export const SuspectsParams = z.object({ suspicions: z.array(Suspicion).max(MAX_SUSPECTS) })
/**
 * To the master: waits until no other machine runs this suspect. Answered by `{}` when it is the caller's turn, which
 * lasts until the stream ends. Unknown to older machines.
 */
export const SuspectTurnParams = z.object({ digest: Suspicion.shape.digest })

/** Asks a member to measure its throughput to another one; answered with the result. */
export const MeasureParams = z.object({ nodeId: NodeId })

export const ModelParams = z.object({ modelId: ModelId })

/** Name of a file in the model's folder, without a path. */
const PlainFileName = z.string().regex(/^(?!\.)[\w.-]{1,200}$/)
/** Settings of one module of an embedding model, the only files in subfolders. */
const StepFileName = z.string().regex(/^\d{1,2}_[A-Za-z]{1,50}\/config\.json$/)
const FileName = z.union([PlainFileName, StepFileName])
const fileEntries = (name: typeof PlainFileName) =>
  z.array(z.object({ name, size: z.number().int().nonnegative() })).max(2000)
export const FileParams = z.object({ modelId: ModelId, name: FileName, offset: z.number().int().nonnegative() })
export const FileList = z.object({
  files: fileEntries(PlainFileName),
  /** Separate, because machines before protocol 3 read only `files`. */
  steps: fileEntries(StepFileName).optional(),
})
/** SHA-256 of a whole file, hex. */
export const FileHash = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) })

/** Starts, pauses, resumes or removes a model's download on that machine. One answer. */
export const DownloadParams = z.object({ act: z.enum(['start', 'remove', 'pause', 'resume']), modelId: ModelId })
export type DownloadParams = z.infer<typeof DownloadParams>
export const DownloadResult = z.discriminatedUnion('status', [
  z.object({ status: z.literal('done') }),
  z.object({ status: z.literal('refused'), code: z.string(), message: z.string(), hint: z.string() }),
])
export type DownloadResult = z.infer<typeof DownloadResult>
