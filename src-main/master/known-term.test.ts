import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { emptyLog } from '@core/consensus/log-end'
import { startReplica } from '@core/consensus/replica'
import { NodeId } from '@core/ids'
import { keepKnownTerm, readKnownTerm } from './known-term'

let directory: string
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'muster-term-'))))
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('the highest term a node has taken part in', () => {
  const known = { term: 7, obeyed: NodeId.parse('b') }

  it('is there again after it was kept', () => {
    keepKnownTerm(directory, known)
    expect(readKnownTerm(directory)).toEqual(known)
  })

  it('is none where none was kept, or what is there cannot be read', () => {
    expect(readKnownTerm(directory)).toEqual({ term: 0 })
    writeFileSync(join(directory, 'term.json'), '{"term":')
    expect(readKnownTerm(directory)).toEqual({ term: 0 })
  })

  it('counts for a node that starts with a log that has forgotten it', () => {
    const self = NodeId.parse('a')
    expect(startReplica(self, emptyLog, [self], 0, known)).toMatchObject(known)
    const log = { sequence: 1, epochs: [{ term: 9, master: self, from: 1 }] }
    expect(startReplica(self, log, [self], 0, known)).toMatchObject({ term: 9, obeyed: self })
  })

  it('that cannot be kept is a failure of the disk', () => {
    expect(() => keepKnownTerm(join(directory, 'gone'), known)).toThrow(
      expect.objectContaining({ code: expect.any(String) }),
    )
  })
})
