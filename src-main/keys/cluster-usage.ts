import type { NodeId } from '@core/ids'
import { mergedUsage, UsageByKey } from '@core/keys/usage'

/** How long a member may take to say what it counted. */
const ANSWER_WITHIN_MS = 3000

export interface ClusterUsageParts {
  readonly self: NodeId
  readonly own: () => UsageByKey
  readonly members: () => readonly NodeId[]
  /** Rejects where that member is not linked, or knows no such question. */
  readonly ask: (peer: NodeId, kind: string, params: unknown) => Promise<unknown>
}

/** What all nodes counted. */
export interface ClusterUsage {
  readonly usage: UsageByKey
  /** Members that were not there to say what they counted: it is missing from the sums. */
  readonly missing: readonly NodeId[]
}

/** The stream by which members ask one another; its one item is a `UsageByKey`. */
export const USAGE_STREAM = 'usage'

/** Asks all members, and adds up what those say that answer in time. */
export const clusterUsage = async ({ self, own, members, ask }: ClusterUsageParts): Promise<ClusterUsage> => {
  const others = members().filter((nodeId) => nodeId !== self)
  const answers = await Promise.all(
    others.map(async (nodeId) => ({ nodeId, usage: await inTime(ask(nodeId, USAGE_STREAM, {})) })),
  )
  return {
    usage: mergedUsage(own(), ...answers.flatMap(({ usage }) => (usage ? [usage] : []))),
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
