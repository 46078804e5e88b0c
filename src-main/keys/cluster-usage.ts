import type { NodeId } from '@core/ids'
import { mergedUsage, usageUpTo, UsageByKey } from '@core/keys/usage'

/** How long to wait for a member's counts. */
const ANSWER_WITHIN_MS = 3000

export interface ClusterUsageParts {
  readonly self: NodeId
  readonly own: () => UsageByKey
  readonly members: () => readonly NodeId[]
  /** Rejects if the member is not linked or its version lacks this stream. */
  readonly ask: (peer: NodeId, kind: string, params: unknown) => Promise<unknown>
}

/** Usage of all keys, summed over nodes. */
export interface ClusterUsage {
  readonly usage: UsageByKey
  /** Members that did not answer; their counts are missing from the sums. */
  readonly missing: readonly NodeId[]
}

/** Stream kind by which members request each other's usage; it yields one `UsageByKey`. */
export const USAGE_STREAM = 'usage'

/** Asks all members for their usage and sums the answers that arrive in time. */
export const clusterUsage = async ({ self, own, members, ask }: ClusterUsageParts): Promise<ClusterUsage> => {
  const others = members().filter((nodeId) => nodeId !== self)
  const answers = await Promise.all(
    others.map(async (nodeId) => ({ nodeId, usage: await inTime(ask(nodeId, USAGE_STREAM, {})) })),
  )
  const all = [own(), ...answers.flatMap(({ usage }) => (usage ? [usage] : []))]
  const now = Date.now()
  return {
    usage: mergedUsage(...all.map((usage) => usageUpTo(now, usage))),
    missing: answers.flatMap(({ nodeId, usage }) => (usage === undefined ? [nodeId] : [])),
  }
}

const inTime = async (answer: Promise<unknown>): Promise<UsageByKey | undefined> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ANSWER_WITHIN_MS)
  })
  try {
    return UsageByKey.safeParse(await Promise.race([answer, late])).data
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
