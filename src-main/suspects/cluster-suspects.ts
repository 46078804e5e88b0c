import type { NodeId } from '@core/ids'
import { SuspectsParams, SuspectTurnParams } from '@core/protocols/peer'
import { MAX_SUSPECTS, type Suspicion } from '@core/suspects/suspicion'
import { Suspects } from './suspects'
import { Turns } from './turns'

/** How long a member may take to hear of a death before whoever waits for the answer is told that it failed. */
const TELL_WITHIN_MS = 1000

const SUSPECTS_STREAM = 'suspects'
const TURN_STREAM = 'suspect-turn'

type Serve = (params: unknown, signal: AbortSignal) => AsyncIterable<unknown>

export interface ClusterSuspectsOptions {
  readonly self: NodeId
  readonly master: () => NodeId | undefined
  /** Undefined until there are any. */
  readonly links: () =>
    | {
        all(): readonly { readonly peer: NodeId }[]
        ask(peer: NodeId, kind: string, params: unknown): Promise<unknown>
        open(peer: NodeId, kind: string, params: unknown, signal: AbortSignal): AsyncGenerator
      }
    | undefined
  /** Milliseconds; never goes back. */
  readonly now?: () => number
}

/** Suspects that all members know of, as far as links reach; members without these streams are left out. */
export class ClusterSuspects {
  readonly suspects: Suspects
  /** What other members may ask for, by the kind of stream. */
  readonly handlers: ReadonlyMap<string, Serve>
  /** Members that have been told all that was known when they were linked. */
  private readonly met = new Set<NodeId>()

  constructor(private readonly options: ClusterSuspectsOptions) {
    const turns = new Turns()
    const suspects = new Suspects({
      ...(options.now && { now: options.now }),
      tell: (suspicions) => tellMembers(options, suspicions),
      turn: (digest, signal) => turnAtMaster(options, turns, { digest, signal }),
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

  /** Who is newly linked is told all that is known here. */
  linksChanged(): void {
    const linked = new Set((this.options.links()?.all() ?? []).map(({ peer }) => peer))
    for (const peer of this.met) if (!linked.has(peer)) this.met.delete(peer)
    for (const peer of linked) {
      if (this.met.has(peer)) continue
      this.met.add(peer)
      void tell(this.options, peer, this.suspects.all())
    }
  }
}

const tell = async (
  { links }: ClusterSuspectsOptions,
  peer: NodeId,
  suspicions: readonly Suspicion[],
): Promise<void> => {
  if (suspicions.length === 0) return
  // An older member does not know this stream; one that is lost is told when it is linked again.
  await links()
    ?.ask(peer, SUSPECTS_STREAM, { suspicions: suspicions.slice(-MAX_SUSPECTS) })
    .catch(() => undefined)
}

const tellMembers = async (options: ClusterSuspectsOptions, suspicions: readonly Suspicion[]): Promise<void> => {
  const members = options.links()?.all() ?? []
  if (members.length === 0) return
  let stop: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (stop = setTimeout(resolve, TELL_WITHIN_MS)))
  await Promise.race([late, Promise.all(members.map(({ peer }) => tell(options, peer, suspicions)))])
  clearTimeout(stop)
}

async function* serveTurn(turns: Turns, digest: string, signal: AbortSignal): AsyncGenerator<Record<string, never>> {
  const leave = await turns.take(digest, signal)
  if (!leave) return
  const left = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  try {
    yield {}
    if (!signal.aborted) await left
  } finally {
    leave()
  }
}

/** The master hands out turns. Without one in reach a suspect runs when it is its turn on this machine. */
const turnAtMaster = async (
  { self, master, links }: ClusterSuspectsOptions,
  turns: Turns,
  { digest, signal }: { readonly digest: string; readonly signal: AbortSignal },
): Promise<(() => void) | undefined> => {
  const leader = master()
  if (leader === undefined || leader === self) return turns.take(digest, signal)
  const turn = links()?.open(leader, TURN_STREAM, { digest }, signal)
  await turn?.next().catch(() => undefined)
  const leave = (): void => void turn?.return(undefined)
  if (!signal.aborted) return leave
  leave()
  return undefined
}
