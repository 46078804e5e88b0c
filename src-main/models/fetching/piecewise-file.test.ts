import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PiecewiseFile } from './piecewise-file'

const { signal } = new AbortController()
const content = Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 251))
const sha256 = createHash('sha256').update(content).digest('hex')

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'muster-pieces-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (pieceBytes = 300): Promise<PiecewiseFile> =>
  PiecewiseFile.open({ path: join(folder, 'weights'), size: content.length, pieceBytes, digest: 'sha256' })

const fill = async (file: PiecewiseFile, index: number, bytes = Infinity): Promise<void> => {
  const piece = file.pieces[index]
  if (!piece) throw new Error('there is no such piece')
  const from = piece.from + piece.done
  const to = Math.min(piece.to, from + bytes)
  const middle = (from + to) >> 1
  await file.write(piece, content.subarray(from, middle))
  await file.write(piece, content.subarray(middle, to))
  await file.record([piece])
}

describe('a file that comes in pieces', () => {
  it('is complete when all pieces have arrived, in any order, and has one hash', async () => {
    const file = await open()
    for (const index of [2, 0, 3, 1]) await fill(file, index)
    expect([file.isWhole, await file.hex(signal)]).toEqual([true, sha256])
    await file.settle()
    await file.close()
    expect(readdirSync(folder)).toEqual(['weights'])
    expect(readFileSync(join(folder, 'weights')).equals(content)).toBe(true)
  })

  it('resumes each piece where a killed process left it', async () => {
    const killed = await open()
    await fill(killed, 1, 120)
    await fill(killed, 3)
    const next = await open()
    expect(next.pieces.map(({ done }) => done)).toEqual([0, 120, 0, 100])
    expect(next.downloadedBytes).toBe(220)
    for (const index of [0, 1, 2]) await fill(next, index)
    expect(await next.hex(signal)).toBe(sha256)
    for (const file of [killed, next]) await file.close()
  })

  it('resumes a file written in one piece as its contiguous prefix', async () => {
    writeFileSync(join(folder, 'weights'), content.subarray(0, 450))
    const file = await open()
    expect(file.pieces.map(({ done }) => done)).toEqual([300, 150, 0, 0])
    await file.close()
  })

  it.each([
    ['of other pieces', '1000 250\n'],
    ['that was cut', '1000 300\n300'],
    ['that is damaged', '1000 300\n300\n-5\nx\n0\n'],
  ])('begins with what the file itself tells beside a ledger %s', async (_, ledger) => {
    writeFileSync(join(folder, '.weights.pieces'), ledger)
    writeFileSync(join(folder, 'weights'), content.subarray(0, 10))
    const file = await open()
    expect(file.downloadedBytes).toBe(10)
    await file.close()
  })

  it('trusts no ledger beyond the end of the file', async () => {
    const file = await open()
    for (const index of [0, 1, 2, 3]) await fill(file, index)
    await file.close()
    writeFileSync(join(folder, 'weights'), content.subarray(0, 400))
    const cut = await open()
    expect(cut.pieces.map(({ done }) => done)).toEqual([300, 100, 0, 0])
    await cut.close()
  })

  it('never writes through a symbolic link', async () => {
    const elsewhere = join(folder, 'elsewhere')
    writeFileSync(elsewhere, 'of somebody else')
    symlinkSync(elsewhere, join(folder, 'weights'))
    await expect(open()).rejects.toThrow()
    expect(readFileSync(elsewhere, 'utf8')).toBe('of somebody else')
    expect(existsSync(join(folder, '.weights.pieces'))).toBe(false)
  })
})
