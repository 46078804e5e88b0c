import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startDeciding, type DecidingLine, type DecidingProcess } from '../harness/deciding'
import { temporaryFolder } from '../harness/headless-node'

const ROUNDS = process.env['MUSTER_SOAK'] ? 200 : 12
const LONGEST_LIFE_MS = 400

const opened = (line: DecidingLine): Extract<DecidingLine, { kind: 'open' }> => {
  if (line.kind !== 'open') throw new Error(`it did not open: ${JSON.stringify(line)}`)
  return line
}

/** What must be declared after a crash, and what may be: commands that were under way when it came. */
class Ledger {
  readonly mustBe = new Set<string>()
  readonly mustNotBe = new Set<string>()

  take(said: readonly DecidingLine[]): void {
    for (const line of said) {
      if (line.kind === 'declared') this.mustBe.add(line.id)
      if (line.kind === 'deleting') this.mustBe.delete(line.id)
      if (line.kind === 'deleted') this.mustNotBe.add(line.id)
    }
  }

  /** Goes on from what the disk has, which settles what was under way. */
  settle(declared: readonly string[]): void {
    this.mustBe.clear()
    for (const id of declared) this.mustBe.add(id)
  }
}

/** `round-count` as numbers that grow with time. */
const place = (id: string): number => {
  const [round = NaN, count = NaN] = id.split('-').map(Number)
  return round * 1e6 + count
}

describe('a master', () => {
  const folder = { path: '', dispose: () => {} }
  let running: DecidingProcess[] = []
  beforeEach(() => void Object.assign(folder, temporaryFolder()))
  afterEach(async () => {
    await Promise.all(running.map((one) => one.kill()))
    running = []
    folder.dispose()
  })

  const start = (round: number): DecidingProcess => {
    const process = startDeciding(folder.path, String(round))
    running.push(process)
    return process
  }

  it(
    `loses nothing it acknowledged, and keeps its order, through ${ROUNDS} kills at random moments`,
    { timeout: ROUNDS * 30_000 },
    async () => {
      const ledger = new Ledger()
      let term = 0
      let acknowledged = 0
      const segments = (): number => readdirSync(join(folder.path, 'log')).length
      // A test in which nothing happens proves nothing, and little happens in a round where others have the processor.
      const isEnough = (): boolean => acknowledged > ROUNDS * 10 && segments() > 3
      for (let round = 1; round <= ROUNDS || !isEnough(); round += 1) {
        const process = start(round)
        const line = opened(await process.first)
        const declared = new Set(line.declared)
        expect([...ledger.mustBe].filter((id) => !declared.has(id))).toEqual([])
        expect(line.declared.filter((id) => ledger.mustNotBe.has(id))).toEqual([])
        expect(line.declared).toEqual([...line.declared].sort((a, b) => place(a) - place(b)))
        expect(line.term).toBeGreaterThan(term)
        term = line.term
        ledger.settle(line.declared)
        await wait(Math.random() * LONGEST_LIFE_MS)
        const said = await process.kill()
        ledger.take(said)
        acknowledged += said.filter(({ kind }) => kind === 'declared' || kind === 'deleted').length
      }
    },
  )

  it('has its data folder to itself, also when many find the lock of a dead one at once', async () => {
    const first = start(1)
    opened(await first.first)
    await first.kill()
    const crowd = Array.from({ length: 4 }, (_, at) => start(at + 2))
    const lines = await Promise.all(crowd.map((one) => one.first))
    const refused = lines.filter((line) => line.kind === 'refused')
    expect(lines.filter(({ kind }) => kind === 'open')).toHaveLength(1)
    expect(refused.map(({ code }) => code)).toEqual(['data_dir_in_use', 'data_dir_in_use', 'data_dir_in_use'])
    for (const { message } of refused) expect(message).toContain(folder.path)
  })
})
