import { readdirSync, readFileSync } from 'node:fs'

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It has ended meanwhile.
    return ''
  }
}

const threadsOf = (pid: number): string[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`)
  } catch {
    return []
  }
}

/**
 * Seconds of processor time that a process and its children have used. Unlike time by the clock it does not depend on
 * what else the machine does. 0 where the system does not tell it: anywhere but on Linux.
 */
export const processorSeconds = (pid: number): number =>
  threadsOf(pid).reduce((sum, thread) => {
    const own = Number(read(`${thread}/schedstat`).split(' ')[0] ?? 0) / 1e9
    const children = read(`${thread}/children`).trim().split(' ').filter(Boolean).map(Number)
    return sum + own + children.reduce((all, child) => all + processorSeconds(child), 0)
  }, 0)
