import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sharing } from './sharing'

const WEIGHTS = 'model.safetensors'

describe('the hash of a file for another member', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-sharing-'))
    writeFileSync(join(folder, WEIGHTS), 'weights')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const hash = async (signal: AbortSignal): Promise<unknown> => {
    const serve = new Map(sharing(() => folder)).get('model-hash')
    const answers: unknown[] = []
    for await (const answer of serve?.({ modelId: 'owner/model', name: WEIGHTS, offset: 0 }, signal) ?? [])
      answers.push(answer)
    return answers
  }

  it('is that of its bytes', async () => {
    const sha256 = createHash('sha256').update('weights').digest('hex')
    expect(await hash(new AbortController().signal)).toEqual([{ sha256 }])
  })

  it('is computed no further once nobody waits for it', async () => {
    // Sparse: it takes no room, and seconds to hash.
    truncateSync(join(folder, WEIGHTS), 2 * 1024 ** 3)
    const gone = new AbortController()
    const answer = hash(gone.signal)
    setTimeout(() => gone.abort(), 10)
    await expect(answer).rejects.toThrow('aborted')
  })
})
