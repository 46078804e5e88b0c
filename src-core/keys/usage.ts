import { z } from 'zod'
import { Timestamp, type ModelId } from '../ids'

/** Usage counters. `cachedTokens` are prompt tokens that came from the KV cache. */
export const Counts = z.object({
  requests: z.number().int().nonnegative(),
  promptTokens: z.number().int().nonnegative(),
  cachedTokens: z.number().int().nonnegative(),
  completionTokens: z.number().int().nonnegative(),
})
export type Counts = z.infer<typeof Counts>

const Month = z.string().regex(/^\d{4}-\d\d$/)
const UserAgent = z.string().max(200)

/** Usage of one model by one key. */
export const ModelUsage = z.object({
  total: Counts,
  /** The latest month in which it was used, in UTC. */
  month: z.object({ name: Month, counts: Counts }),
  lastUsedAt: Timestamp,
})
export type ModelUsage = z.infer<typeof ModelUsage>

export const KeyUsage = z.object({
  models: z.record(z.string(), ModelUsage),
  lastUsedAt: Timestamp,
  /** User agent of the last client, truncated. */
  userAgent: UserAgent.optional(),
})
export type KeyUsage = z.infer<typeof KeyUsage>

/** By key id; requests without a key are under `LOCAL_KEY`. */
export const UsageByKey = z.record(z.string(), KeyUsage)
export type UsageByKey = z.infer<typeof UsageByKey>

/** Models counted separately per key; the least recently used ones beyond that are merged. */
const MAX_MODELS = 64
/** Entry for the merged models; no model has that id. */
export const OTHER_MODELS = '(other models)'
const MAX_USER_AGENT = 200

export const NOTHING: Counts = { requests: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0 }

const sumOf = (a: Counts, b: Counts): Counts => ({
  requests: a.requests + b.requests,
  promptTokens: a.promptTokens + b.promptTokens,
  cachedTokens: a.cachedTokens + b.cachedTokens,
  completionTokens: a.completionTokens + b.completionTokens,
})

/** Month of a time in UTC: `2026-11`. */
export const monthOf = (at: Timestamp): string => new Date(at).toISOString().slice(0, 7)

/** Adds totals; of the months the later one wins, and equal months are added. */
const mergedModel = (a: ModelUsage, b: ModelUsage): ModelUsage => {
  const [later, earlier] = a.month.name >= b.month.name ? [a, b] : [b, a]
  const same = later.month.name === earlier.month.name
  const counts = same ? sumOf(later.month.counts, earlier.month.counts) : later.month.counts
  return {
    total: sumOf(a.total, b.total),
    month: { name: later.month.name, counts },
    lastUsedAt: Math.max(a.lastUsedAt, b.lastUsedAt),
  }
}

const bounded = (models: KeyUsage['models']): KeyUsage['models'] => {
  const entries = Object.entries(models)
  if (entries.length <= MAX_MODELS) return models
  const byUse = entries
    .filter(([modelId]) => modelId !== OTHER_MODELS)
    .sort(([, a], [, b]) => b.lastUsedAt - a.lastUsedAt)
  const [kept, rest] = [byUse.slice(0, MAX_MODELS - 1), byUse.slice(MAX_MODELS - 1)]
  const other = models[OTHER_MODELS]
  const together = rest.map(([, one]) => one).concat(other ?? [])
  return { ...Object.fromEntries(kept), [OTHER_MODELS]: together.reduce(mergedModel) }
}

const mergedKey = (a: KeyUsage | undefined, b: KeyUsage): KeyUsage => {
  if (a === undefined) return b
  const models = { ...a.models }
  for (const [modelId, one] of Object.entries(b.models)) {
    const known = models[modelId]
    models[modelId] = known ? mergedModel(known, one) : one
  }
  const later = b.lastUsedAt >= a.lastUsedAt ? b : a
  const { userAgent } = later
  return { models: bounded(models), lastUsedAt: later.lastUsedAt, ...(userAgent !== undefined && { userAgent }) }
}

/** Sums the usage that several nodes counted. */
export const mergedUsage = (...all: readonly UsageByKey[]): UsageByKey => {
  const merged: Record<string, KeyUsage> = {}
  for (const usage of all) for (const [key, one] of Object.entries(usage)) merged[key] = mergedKey(merged[key], one)
  return merged
}

const modelUpTo = (now: Timestamp, usage: ModelUsage): ModelUsage => ({
  ...usage,
  ...(usage.month.name > monthOf(now) && { month: { name: monthOf(now), counts: NOTHING } }),
  lastUsedAt: Math.min(usage.lastUsedAt, now),
})

/**
 * What a node counted, as it is at `now`: a month that has not begun, by a clock that is or was ahead, would hide what
 * all others counted this month.
 */
export const usageUpTo = (now: Timestamp, usage: UsageByKey): UsageByKey =>
  Object.fromEntries(
    Object.entries(usage).map(([key, one]) => {
      const models = Object.entries(one.models).map(([modelId, model]) => [modelId, modelUpTo(now, model)] as const)
      return [key, { ...one, models: Object.fromEntries(models), lastUsedAt: Math.min(one.lastUsedAt, now) }]
    }),
  )

/** One use of a key. */
export interface Use {
  readonly key: string
  readonly modelId: ModelId
  readonly counts: Counts
  readonly at: Timestamp
  readonly userAgent?: string | undefined
}

/** Adds one use. */
export const withUse = (usage: UsageByKey, { key, modelId, counts, at, userAgent }: Use): UsageByKey => {
  const use: KeyUsage = {
    models: { [modelId]: { total: counts, month: { name: monthOf(at), counts }, lastUsedAt: at } },
    lastUsedAt: at,
    ...(userAgent !== undefined && { userAgent: userAgent.slice(0, MAX_USER_AGENT) }),
  }
  return { ...usage, [key]: mergedKey(usage[key], use) }
}

/** Usage as the API shows it. */
export const UsageView = z.object({
  /** Absent if the key was never used. */
  lastUsedAt: Timestamp.optional(),
  userAgent: UserAgent.optional(),
  /** This month, in UTC. */
  month: Counts,
  total: Counts,
  /** Most recently used first. */
  models: z.array(z.object({ modelId: z.string(), month: Counts, total: Counts, lastUsedAt: Timestamp })),
})
export type UsageView = z.infer<typeof UsageView>

export const usageView = (usage: KeyUsage | undefined, now: Timestamp): UsageView => {
  const thisMonth = monthOf(now)
  const models = Object.entries(usage?.models ?? {})
    .map(([modelId, { total, month, lastUsedAt }]) => ({
      modelId,
      month: month.name === thisMonth ? month.counts : NOTHING,
      total,
      lastUsedAt,
    }))
    .sort((a, b) => b.lastUsedAt - a.lastUsedAt)
  return {
    ...(usage && { lastUsedAt: usage.lastUsedAt }),
    ...(usage?.userAgent !== undefined && { userAgent: usage.userAgent }),
    month: models.reduce((sum, { month }) => sumOf(sum, month), NOTHING),
    total: models.reduce((sum, { total }) => sumOf(sum, total), NOTHING),
    models,
  }
}
