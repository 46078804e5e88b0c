import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../harness/headless-node'
import { rehearsingRunner, WorkerGroup } from '../harness/worker-group'

const SET_UPS = process.env['MUSTER_SOAK'] ? 1000 : 50
const RANKS = 3
/** Of the side channel while a group is made: every rank's part of four rounds, and each round. */
const EVENTS = 4 * (RANKS + 1)
/** So many groups at once. */
const LANES = process.env['MUSTER_SOAK'] ? 6 : 4

let folder: ReturnType<typeof temporaryFolder>
beforeAll(() => void (folder = temporaryFolder()))
afterAll(() => folder.dispose())

/** Draws numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
const drawing = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const kill = (pid: number | undefined): void => {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

/** Whether that process, and no later one with its id, is a runner whose pipes are in this folder. */
const isRunnerOf = (pid: number, path: string): boolean => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(path)
  } catch {
    return false
  }
}

describe('groups that are joined by RDMA', () => {
  it(
    `come about ${SET_UPS} times under kills, delays, broken links and changes of master, and leave nothing behind`,
    async () => {
      const python = rehearsingRunner(folder.path)
      const failures: string[] = []
      let left = SET_UPS
      let midway = 0
      let leaks = 0

      const lane = async (number: number): Promise<void> => {
        const draw = drawing(number + 1)
        const group = await WorkerGroup.start({
          folder: join(folder.path, `lane-${number}`),
          size: RANKS,
          python,
          onLeak: () => (leaks += 1),
          delay: () => (draw() < 0.1 ? draw() * 30 : draw() * 3),
        })
        const pids = new Set<number>()
        while (left > 0) {
          left -= 1
          // Somewhere between the first part and the last round.
          const point = 1 + Math.floor(draw() * EVENTS)
          await group.until('rounds', () => group.sideChannelEvents() >= point || group.isReady())
          for (const pid of group.pids()) pids.add(pid)
          if (!group.isReady()) midway += 1
          if (draw() < 0.4) kill(group.pids()[Math.floor(draw() * RANKS)])
          if (draw() < 0.4) group.changeMaster()
          if (draw() < 0.4) group.cut(Math.floor(draw() * RANKS))
          await group.ready()
          for (const pid of group.pids()) pids.add(pid)
          const done = group.attempt()
          group.restart()
          await group.until('another attempt', () => group.attempt() !== done && group.attempt() !== '')
        }
        failures.push(...group.failures)
        // No pipe is left, and nobody who could hold one.
        expect(await group.close()).toEqual([])
        for (const pid of pids) expect(isRunnerOf(pid, join(folder.path, `lane-${number}`))).toBe(false)
      }

      await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
      // Runners compare what they get byte for byte: nothing but the kills has failed any of them.
      expect(failures.filter((text) => !text.includes('SIGKILL'))).toEqual([])
      expect(failures.length).toBeGreaterThan(SET_UPS / 10)
      // A rehearsal holds nothing that could be lost, however it is killed.
      expect(leaks).toBe(0)
      expect(midway).toBeGreaterThan(SET_UPS / 2)
      console.log(`${SET_UPS} groups, ${midway} of them disturbed while they were made, ${failures.length} begun again`)
    },
    SET_UPS * 10_000,
  )
})
