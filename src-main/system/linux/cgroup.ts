import { join } from 'node:path'
import type { ReadText } from './read-text'

/** Memory limit and what is left of it in a control group, in bytes. */
export interface GroupMemory {
  readonly limit: number
  readonly available: number
}

interface Hierarchy {
  readonly mount: string
  readonly limit: string
  readonly usage: string
  /** Page cache in memory.stat: counted as used, but reclaimable. */
  readonly cache: readonly string[]
}

const v2: Hierarchy = {
  mount: 'sys/fs/cgroup',
  limit: 'memory.max',
  usage: 'memory.current',
  cache: ['active_file', 'inactive_file'],
}
const v1: Hierarchy = {
  mount: 'sys/fs/cgroup/memory',
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  cache: ['total_active_file', 'total_inactive_file'],
}

/** The group and its ancestors. In a container the path may be the host's: levels that do not exist are skipped. */
const levels = (path: string): string[] => {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..')
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/')).concat('')
}

/** Parses lines of /proc/self/cgroup: `0::/path` (v2), `4:memory:/path` (v1). */
const ownGroups = (text: string): { hierarchy: Hierarchy; path: string }[] =>
  text.split('\n').flatMap((line) => {
    const [id, controllers, ...path] = line.split(':')
    if (id === '0' && controllers === '') return [{ hierarchy: v2, path: path.join(':') }]
    return controllers?.split(',').includes('memory') === true ? [{ hierarchy: v1, path: path.join(':') }] : []
  })

const number = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+\s*$/.test(text) ? Number(text) : undefined

const memoryOf = async (
  read: ReadText,
  { mount, ...files }: Hierarchy,
  group: string,
): Promise<GroupMemory | undefined> => {
  const limit = number(await read(join(mount, group, files.limit)))
  if (limit === undefined) return undefined
  const [usage, stat] = await Promise.all([
    read(join(mount, group, files.usage)),
    read(join(mount, group, 'memory.stat')),
  ])
  const cache = files.cache.reduce(
    (sum, name) => sum + Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat ?? '')?.[1] ?? 0),
    0,
  )
  return { limit, available: Math.max(0, limit - Math.max(0, (number(usage) ?? 0) - cache)) }
}

/**
 * The tightest memory limit among this process's control groups (a container, a service with MemoryMax) and their
 * ancestors. Undefined without any limit; v1 writes "no limit" as a number near 2^63, more than any machine has.
 */
export const readGroupMemory = async (read: ReadText): Promise<GroupMemory | undefined> => {
  const groups = ownGroups((await read('proc/self/cgroup')) ?? '')
  const found = await Promise.all(
    groups.flatMap(({ hierarchy, path }) => levels(path).map((level) => memoryOf(read, hierarchy, level))),
  )
  const limited = found.filter((memory): memory is GroupMemory => memory !== undefined)
  if (limited.length === 0) return undefined
  return {
    limit: Math.min(...limited.map(({ limit }) => limit)),
    available: Math.min(...limited.map(({ available }) => available)),
  }
}
