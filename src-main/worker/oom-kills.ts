import { readFileSync } from 'node:fs'

/** Reads the count of processes that Linux has ended because memory ran out, from the text of `/proc/vmstat`. */
export const oomKillsIn = (vmstat: string): number | undefined => {
  const [, count] = /^oom_kill (\d+)$/m.exec(vmstat) ?? []
  return count === undefined ? undefined : Number(count)
}

/** That count since the machine's start; undefined where the system does not tell. */
export const oomKills = (): number | undefined => {
  try {
    return oomKillsIn(readFileSync('/proc/vmstat', 'latin1'))
  } catch {
    return undefined
  }
}
