import type { NodeId } from '@core/ids'
import { SuspectsParams, SuspectTurnParams } from '@core/protocols/peer'
import { MAX_SUSPECTS, type Suspicion } from '@core/suspects/suspicion'
import { Suspects } from './suspects'
import { KeyedMutex } from './keyed-mutex'

/** How long the client's failure message waits for members to acknowledge the death. */
const BROADCAST_LIMIT_MS = 1000

const SUSPECTS_STREAM = 'suspects'
const TURN_STREAM = 'suspect-turn'

type Serve = (params: unknown, signal: AbortSignal) => AsyncIterable<unknown>

export interface ClusterSuspectsOptions {
  readonly self: NodeId
  readonly master: () => NodeId | undefined
  /** Undefined until the links are open. */
  readonly links: () =>
    | {
        all(): readonly { readonly peer: NodeId }[]
        ask(peer: NodeId, kind: string, params: unknown): Promise<unknown>
        open(peer: NodeId, kind: string, params: unknown, signal: AbortSignal): AsyncGenerator
      }
    | undefined
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

/** Shares suspects between all members that are linked; members without these streams (older versions) are skipped. */
export class ClusterSuspects {
  readonly suspects: Suspects
  /** Handlers of the streams that other members open here, by stream kind. */
  readonly handlers: ReadonlyMap<string, Serve>
  /** Members that were sent everything on their current link. */
  private readonly synced = new Set<NodeId>()

  constructor(private readonly options: ClusterSuspectsOptions) {
    const turns = new KeyedMutex()
    const suspects = new Suspects({
      ...(options.now && { now: options.now }),
      broadcast: (suspicions) => broadcastToMembers(options, suspicions),
      turn: (digest, signal) => takeTurnFromMaster(options, turns, { digest, signal }),
    })
    this.suspects = suspects
    this.handlers = new Map<string, Serve>([
      [
        SUSPECTS_STREAM,
        async function* (params) {
          suspects.learn(SuspectsParams.parse(params).suspicions)
          yield {}
        },
      ],
      [TURN_STREAM, (params, signal) => serveTurn(turns, SuspectTurnParams.parse(params).digest, signal)],
    ])
  }

  /** Sends everything known here to each newly linked member. */
  linksChanged(): void {
    const linked = new Set((this.options.links()?.all() ?? []).map(({ peer }) => peer))
    for (const peer of this.synced) if (!linked.has(peer)) this.synced.delete(peer)
    for (const peer of linked) {
      if (this.synced.has(peer)) continue
      this.synced.add(peer)
      void send(this.options, peer, this.suspects.all())
    }
  }
}

const send = async (
  { links }: ClusterSuspectsOptions,
  peer: NodeId,
  suspicions: readonly Suspicion[],
): Promise<void> => {
  if (suspicions.length === 0) return
  // Errors are ignored: an older member does not know this stream, and a lost member is sent everything when it links
  // again.
  await links()
    ?.ask(peer, SUSPECTS_STREAM, { suspicions: suspicions.slice(-MAX_SUSPECTS) })
    .catch(() => undefined)
}

const broadcastToMembers = async (options: ClusterSuspectsOptions, suspicions: readonly Suspicion[]): Promise<void> => {
  const members = options.links()?.all() ?? []
  if (members.length === 0) return
  let stop: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (stop = setTimeout(resolve, BROADCAST_LIMIT_MS)))
  await Promise.race([late, Promise.all(members.map(({ peer }) => send(options, peer, suspicions)))])
  clearTimeout(stop)
}

async function* serveTurn(
  turns: KeyedMutex,
  digest: string,
  signal: AbortSignal,
): AsyncGenerator<Record<string, never>> {
  const release = await turns.take(digest, signal)
  if (!release) return
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  try {
    yield {}
    if (!signal.aborted) await aborted
  } finally {
    release()
  }
}

/**
 * Takes a turn from the master, which serialises the copies of one suspect cluster-wide. Without a reachable master,
 * turns are local to this machine.
 */
const takeTurnFromMaster = async (
  { self, master, links }: ClusterSuspectsOptions,
  turns: KeyedMutex,
  { digest, signal }: { readonly digest: string; readonly signal: AbortSignal },
): Promise<(() => void) | undefined> => {
  const leader = master()
  if (leader === undefined || leader === self) return turns.take(digest, signal)
  const turn = links()?.open(leader, TURN_STREAM, { digest }, signal)
  await turn?.next().catch(() => undefined)
  const release = (): void => void turn?.return(undefined)
  if (!signal.aborted) return release
  release()
  return undefined
}
