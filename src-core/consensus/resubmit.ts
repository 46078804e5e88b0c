import type { Command } from '../commands/command'
import { nameKey, nameProblem } from '../commands/names'
import type { Event } from '../events/event'
import type { ApiKeyId } from '../ids'
import type { ApiKey, ApiKeyChanges } from '../state/api-keys'
import type { MetaInstance, MetaInstanceChanges } from '../state/meta-instances'
import type { State } from '../state/state'

export interface Split {
  /** The state that both sides had. */
  readonly common: State
  /** What the losing side decided since, in order. */
  readonly decided: readonly Event[]
  /** What it made of that. */
  readonly own: State
  /** What the winning side has now. */
  readonly winner: State
}

/**
 * The commands that bring what the losing side was told by people into the winner's log: membership first, removals
 * before admissions; then declarations, keys and settings. What was only derived (placements, failures, recoveries)
 * the winner derives itself. Carrying one out a second time changes nothing.
 */
export const resubmissions = (split: Split): Command[] => [
  ...removals(split),
  ...admissions(split),
  ...declarations(split),
  ...apiKeys(split),
  ...settings(split),
]

/** A split as the losing side keeps it, until its declarations were submitted again. */
export interface KeptSplit extends Omit<Split, 'winner'> {
  /** The last record that both sides had; 0 where a machine joined another cluster. */
  readonly after: number
}

/** Who belongs to a cluster is its own affair: a machine that joins brings its declarations and keys, not its friends. */
const brought: ReadonlySet<Command['type']> = new Set<Command['type']>(['CreateMetaInstance', 'CreateApiKey'])

/** The commands that bring a split's declarations to the winning side. */
export const commandsOf = ({ after, ...split }: KeptSplit, winner: State): Command[] => {
  const all = resubmissions({ ...split, winner })
  return after === 0 ? all.filter(({ type }) => brought.has(type)) : all
}

/** What this side has deleted, revoked or removed since the fork, and not made again. */
const gone = <Id extends string>({ decided }: Split, idOf: (event: Event) => Id | undefined, own: object): Id[] => [
  ...new Set(decided.flatMap((event) => idOf(event) ?? []).filter((id) => !(id in own))),
]

/**
 * Whether the other side has to be told that it is gone: also where it has not heard of it, for another node that keeps
 * the same records may still bring it there. So it is told lastingly: who decides may be another one by then.
 */
const isNews = ({ winner }: Split, id: string, there: object): boolean => id in there || !isRetired(winner, id)

/** Removed on this side: they stay removed, whatever the other side thought. */
const removals = (split: Split): Command[] =>
  gone(split, (event) => (event.type === 'MemberRemoved' ? event.nodeId : undefined), split.own.members).flatMap(
    (nodeId): Command[] =>
      isNews(split, nodeId, split.winner.members) ? [{ type: 'RemoveMember', nodeId, lasting: true }] : [],
  )

/** Admitted or renamed on this side. Who was a member before and is none there was removed there: removals win. */
const admissions = ({ common, own, winner }: Split): Command[] =>
  Object.values(own.members).flatMap(({ admittedAt: _at, ...member }): Command[] => {
    const { nodeId, friendlyName } = member
    const [before, known] = [common.members[nodeId], winner.members[nodeId]]
    if (known) {
      const renamed = before !== undefined && before.friendlyName !== friendlyName
      return renamed && known.friendlyName !== friendlyName ? [{ type: 'RenameMember', nodeId, friendlyName }] : []
    }
    return before || isRetired(winner, nodeId) ? [] : [{ type: 'AdmitMember', member, again: true }]
  })

/** Several nodes may keep the same records of a lost side: what one of them has brought may be gone again since. */
const isRetired = ({ retired = {} }: State, id: string): boolean => id in retired

/** Requests bring temporary declarations again where they are wanted: that they came or ended is no news over there. */
const passed = ({ decided, own }: Split): ReadonlySet<string> =>
  new Set([
    ...Object.values(own.metaInstances).flatMap((one) => (one.onRequest ? one.metaInstanceId : [])),
    ...decided.flatMap((event) =>
      event.type === 'MetaInstanceDeleted' && event.cause !== undefined ? event.metaInstanceId : [],
    ),
  ])

const declarations = (split: Split): Command[] => {
  const { common, decided, own, winner } = split
  const touched = new Set(
    decided.flatMap((event) => {
      switch (event.type) {
        case 'MetaInstanceCreated':
          return event.metaInstance.metaInstanceId
        case 'MetaInstanceUpdated':
        case 'MetaInstanceDeleted':
          return event.metaInstanceId
        default:
          return []
      }
    }),
  )
  const given = new Set<string>()
  const temporary = passed(split)
  return [...touched].flatMap((metaInstanceId): Command[] => {
    if (temporary.has(metaInstanceId)) return []
    const mine = own.metaInstances[metaInstanceId]
    const there = metaInstanceId in winner.metaInstances
    if (mine === undefined)
      return isNews(split, metaInstanceId, winner.metaInstances)
        ? [{ type: 'DeleteMetaInstance', metaInstanceId, lasting: true }]
        : []
    if (there) {
      const changes = changesSince(decided, metaInstanceId)
      if (Object.keys(changes).length === 0) return []
      if (typeof changes.name === 'string') changes.name = freeName(changes.name, mine, winner, given)
      return [{ type: 'UpdateMetaInstance', again: true, metaInstanceId, changes }]
    }
    // Deleted over there meanwhile: a change does not bring it back. A temporary one ended by itself, and was kept here.
    const before = common.metaInstances[metaInstanceId]
    if ((before && !before.onRequest) || isRetired(winner, metaInstanceId)) return []
    return [creation(mine, winner, given)]
  })
}

const changesSince = (decided: readonly Event[], metaInstanceId: string): MetaInstanceChanges =>
  decided.reduce<MetaInstanceChanges>(
    (changes, event) =>
      event.type === 'MetaInstanceUpdated' && event.metaInstanceId === metaInstanceId
        ? { ...changes, ...event.changes }
        : changes,
    {},
  )

const creation = (mine: MetaInstance, winner: State, given: Set<string>): Command => {
  const { metaInstanceId, modelId, sharding, instanceMeta, minNodes, placementPreference, paused } = mine
  const { nodeIds, maxContext } = mine
  const name = mine.name === undefined ? undefined : freeName(mine.name, mine, winner, given)
  return {
    type: 'CreateMetaInstance',
    again: true,
    ...{ metaInstanceId, modelId, sharding, instanceMeta, minNodes, placementPreference, paused },
    ...(name !== undefined && { name }),
    ...(nodeIds !== undefined && { nodeIds }),
    ...(maxContext !== undefined && { maxContext }),
  }
}

/**
 * The name, with a number where the other side gave it away meanwhile: a declaration and its other changes are worth
 * more than its name. `given` collects what this side hands out.
 */
const freeName = (name: string, mine: MetaInstance, winner: State, given: Set<string>): string => {
  for (let count = 1; ; count += 1) {
    const candidate = count === 1 ? name : `${name} ${count}`
    if (given.has(nameKey(candidate)) || nameProblem(winner, candidate, mine) !== undefined) continue
    given.add(nameKey(candidate))
    return candidate
  }
}

const apiKeys = (split: Split): Command[] => {
  const { common, decided, own, winner } = split
  const revoked = gone(split, (event) => (event.type === 'ApiKeyRevoked' ? event.apiKeyId : undefined), own.apiKeys)
  return [
    ...revoked.flatMap((apiKeyId): Command[] =>
      isNews(split, apiKeyId, winner.apiKeys) ? [{ type: 'RevokeApiKey', apiKeyId, lasting: true }] : [],
    ),
    ...Object.values(own.apiKeys).flatMap(({ createdAt: _at, ...apiKey }): Command[] => {
      const { apiKeyId } = apiKey
      const known = apiKeyId in common.apiKeys || apiKeyId in winner.apiKeys || isRetired(winner, apiKeyId)
      return known ? [] : [{ type: 'CreateApiKey', apiKey, again: true }]
    }),
    ...Object.values(own.apiKeys).flatMap((mine): Command[] => {
      const { apiKeyId } = mine
      const there = winner.apiKeys[apiKeyId]
      const changes = keyChangesSince(decided, apiKeyId)
      const idle = Object.keys(changes).length === 0
      return idle || there === undefined || isAlike(mine, there) ? [] : [{ type: 'UpdateApiKey', apiKeyId, changes }]
    }),
  ]
}

const isAlike = (a: ApiKey, b: ApiKey): boolean =>
  a.name === b.name && JSON.stringify(a.limits) === JSON.stringify(b.limits)

const keyChangesSince = (decided: readonly Event[], apiKeyId: ApiKeyId): ApiKeyChanges =>
  decided.reduce<ApiKeyChanges>(
    (changes, event) =>
      event.type === 'ApiKeyUpdated' && event.apiKeyId === apiKeyId ? { ...changes, ...event.changes } : changes,
    {},
  )

/** The last word on each setting. */
const settings = ({ decided, winner }: Split): Command[] => {
  const last = new Map(
    decided.flatMap((event) => (event.type === 'SettingChanged' ? [[event.change.key, event.change] as const] : [])),
  )
  return [...last.values()].flatMap((change): Command[] =>
    winner.settings[change.key] === change.value ? [] : [{ type: 'ChangeSetting', change }],
  )
}
