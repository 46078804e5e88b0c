import { z } from 'zod'
import { Timestamp, type ModelId } from '../ids'

/** What was used. `cachedTokens` are those of the prompts that needed no computing. */
export const Counts = z.object({
  requests: z.number().int().nonnegative(),
  promptTokens: z.number().int().nonnegative(),
  cachedTokens: z.number().int().nonnegative(),
  completionTokens: z.number().int().nonnegative(),
})
export type Counts = z.infer<typeof Counts>

const Month = z.string().regex(/^\d{4}-\d\d$/)
const UserAgent = z.string().max(200)

/** Of one key and one model. */
export const ModelUsage = z.object({
  total: Counts,
  /** Of the latest month in which it was used, by UTC. */
  month: z.object({ name: Month, counts: Counts }),
  lastUsedAt: Timestamp,
})
export type ModelUsage = z.infer<typeof ModelUsage>

export const KeyUsage = z.object({
  models: z.record(z.string(), ModelUsage),
  lastUsedAt: Timestamp,
  /** As the client that used it last calls itself, cut short. */
  userAgent: UserAgent.optional(),
})
export type KeyUsage = z.infer<typeof KeyUsage>

/** By the id of the key; requests without one are under `LOCAL_KEY`. */
export const UsageByKey = z.record(z.string(), KeyUsage)
export type UsageByKey = z.infer<typeof UsageByKey>

/** Models of one key that are counted by themselves; the least recently used of more are counted together. */
const MAX_MODELS = 64
/** What those are counted under; no model has that id. */
export const OTHER_MODELS = '(other models)'
const MAX_USER_AGENT = 200

export const NOTHING: Counts = { requests: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0 }

export const sumOf = (a: Counts, b: Counts): Counts => ({
  requests: a.requests + b.requests,
  promptTokens: a.promptTokens + b.promptTokens,
  cachedTokens: a.cachedTokens + b.cachedTokens,
  completionTokens: a.completionTokens + b.completionTokens,
})

/** The month of a time, by UTC: `2026-11`. */
export const monthOf = (at: Timestamp): string => new Date(at).toISOString().slice(0, 7)

/** The later month counts; the same month is added up. */
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

/** What several nodes counted, added up. */
export const mergedUsage = (...all: readonly UsageByKey[]): UsageByKey => {
  const merged: Record<string, KeyUsage> = {}
  for (const usage of all) for (const [key, one] of Object.entries(usage)) merged[key] = mergedKey(merged[key], one)
  return merged
}

/** One use of a key. */
export interface Use {
  readonly key: string
  readonly modelId: ModelId
  readonly counts: Counts
  readonly at: Timestamp
  readonly userAgent?: string | undefined
}

/** With one more use. */
export const withUse = (usage: UsageByKey, { key, modelId, counts, at, userAgent }: Use): UsageByKey => {
  const use: KeyUsage = {
    models: { [modelId]: { total: counts, month: { name: monthOf(at), counts }, lastUsedAt: at } },
    lastUsedAt: at,
    ...(userAgent !== undefined && { userAgent: userAgent.slice(0, MAX_USER_AGENT) }),
  }
  return { ...usage, [key]: mergedKey(usage[key], use) }
}

/** As people read it. */
export const UsageView = z.object({
  /** Absent where the key was never used. */
  lastUsedAt: Timestamp.optional(),
  userAgent: UserAgent.optional(),
  /** Of this month, by UTC. */
  month: Counts,
  total: Counts,
  /** The most recently used first. */
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
