import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { beginDigest, hexOf } from './digest'

const { signal } = new AbortController()
const content = Buffer.from(Array.from({ length: 5_000_000 }, (_, at) => at % 251))
const ALWAYS_THREAD = 0

let folder: string
let path: string
let handle: FileHandle
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-digest-'))
  path = join(folder, 'weights')
  writeFileSync(path, content.subarray(0, 1_234_567))
  handle = await open(path, 'r+')
})
afterEach(async () => {
  await handle.close()
  rmSync(folder, { recursive: true })
})

describe.each([
  ['here', undefined],
  ['on a thread', ALWAYS_THREAD],
])('a file that is hashed while it arrives, %s', (_where, threadBytes) => {
  const size = content.length
  const rest = async (): Promise<void> => {
    await handle.write(content, 1_234_567, size - 1_234_567, 1_234_567)
  }

  it.each([
    ['sha256', createHash('sha256').update(content).digest('hex')],
    ['git-blob', createHash('sha1').update(`blob ${size}\0`).update(content).digest('hex')],
  ] as const)('has the %s of the whole', async (kind, hex) => {
    const digest = beginDigest(handle, { kind, size }, threadBytes)
    digest.upTo(1_000_000)
    digest.upTo(1_234_567)
    await rest()
    expect(await digest.hex(signal)).toBe(hex)
    expect(await hexOf(path, kind)).toBe(hex)
    await digest.stop()
  })

  it('has none where it ends before its size', async () => {
    const digest = beginDigest(handle, { kind: 'sha256', size }, threadBytes)
    await expect(digest.hex(signal)).rejects.toThrow(`it ends after 1234567 of ${size} bytes`)
    await digest.stop()
  })

  it('is left alone once it is not wanted', async () => {
    const digest = beginDigest(handle, { kind: 'sha256', size }, threadBytes)
    digest.upTo(1_234_567)
    await digest.stop()
    await expect(digest.hex(AbortSignal.abort(new Error('not wanted')))).rejects.toThrow('not wanted')
  })
})
