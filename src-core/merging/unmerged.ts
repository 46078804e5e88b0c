import { z } from 'zod'
import type { Event } from '../events/event'
import type { State } from '../state/state'
import { creations, Declared, declaredOf } from './declared'
import { merge } from './merge'
import { compareStamps } from '../state/stamp'

/**
 * What one side of a split declared, kept until it is merged. `common` lists the entities that both sides had: if the
 * other side no longer has one, it was removed there. This holds only for leaders whose log continues from the common
 * part.
 */
export const UnmergedDeclarations = z.object({ common: z.array(z.string()), declared: Declared })
export type UnmergedDeclarations = z.infer<typeof UnmergedDeclarations>

/** The empty set of changes. */
export const nothingUnmerged: UnmergedDeclarations = {
  common: [],
  declared: { metaInstances: {}, apiKeys: {}, members: {}, removed: { metaInstances: {}, apiKeys: {}, members: {} } },
}

/**
 * What this side removed since the split, with the time of its tombstone. If the tombstone has been dropped, because no
 * other member was left to learn of the removal, the removal counts from now.
 */
const removedSince = (own: State, decided: readonly Event[]): Declared['removed'] => {
  const removed: Declared['removed'] = { metaInstances: {}, apiKeys: {}, members: {} }
  const note = (kind: keyof typeof removed, id: string): void => {
    const at = own.retired?.[id] ?? (id in own[kind] ? undefined : own.lastEventAt)
    if (at !== undefined) removed[kind][id] = at
  }
  for (const event of decided) {
    if (event.type === 'MetaInstanceDeleted' && event.cause === undefined) note('metaInstances', event.metaInstanceId)
    if (event.type === 'ApiKeyRevoked') note('apiKeys', event.apiKeyId)
    if (event.type === 'MemberRemoved') note('members', event.nodeId)
  }
  return removed
}

const declares: ReadonlySet<Event['type']> = new Set<Event['type']>([
  ...(['MetaInstanceCreated', 'MetaInstanceUpdated', 'MetaInstanceDeleted'] as const),
  ...(['MemberAdmitted', 'MemberUpdated', 'MemberRemoved'] as const),
  ...(['ApiKeyCreated', 'ApiKeyUpdated', 'ApiKeyRevoked', 'SettingChanged'] as const),
])

/**
 * What this side declared since the last common state; undefined if nothing. If that state is unknown (`common`
 * undefined), only tombstones show what was removed on either side.
 */
export const declaredSince = (
  common: State | undefined,
  own: State,
  decided: readonly Event[],
): UnmergedDeclarations | undefined => {
  if (common === undefined) return { common: [], declared: declaredOf(own) }
  if (!decided.some(({ type }) => declares.has(type))) return undefined
  const before = creations(declaredOf(common))
  const declared = { ...declaredOf(own), removed: removedSince(own, decided) }
  const same = Object.entries(creations(declared)).filter(([key, created]) => {
    const known = before[key]
    return known !== undefined && compareStamps(known, created) === 0
  })
  return { common: same.map(([key]) => key), declared }
}

/** What a joining machine brings to a cluster: its declarations and keys, but not its members or settings. */
export const carriedOver = ({ declared: { metaInstances, apiKeys } }: UnmergedDeclarations): UnmergedDeclarations => ({
  common: [],
  declared: { metaInstances, apiKeys, members: {}, removed: { metaInstances: {}, apiKeys: {}, members: {} } },
})

/**
 * Combines what was kept from two consecutive splits. Each part's `common` is relative to the side that it was
 * separated from. Entities that the later part still has were on the first of those sides, so only the later part tells
 * whether the second side had them.
 */
export const combined = (earlier: UnmergedDeclarations, later: UnmergedDeclarations): UnmergedDeclarations => {
  const still = creations(later.declared)
  const common = earlier.common.filter((key) => !(key in still))
  return { common: [...new Set([...common, ...later.common])], declared: merge(earlier.declared, later.declared) }
}
