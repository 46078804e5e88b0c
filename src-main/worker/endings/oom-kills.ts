import { readFileSync } from 'node:fs'

/** Parses the number of OOM kills from the text of `/proc/vmstat`. */
export const oomKillsIn = (vmstat: string): number | undefined => {
  const [, count] = /^oom_kill (\d+)$/m.exec(vmstat) ?? []
  return count === undefined ? undefined : Number(count)
}

/** OOM kills since boot; undefined if the system does not report them. */
export const oomKills = (): number | undefined => {
  try {
    return oomKillsIn(readFileSync('/proc/vmstat', 'latin1'))
  } catch {
    return undefined
  }
}
