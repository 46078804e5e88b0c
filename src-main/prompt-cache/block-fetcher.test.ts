import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import { BlocksFolder } from '@core/protocols/prompt-blocks'
import { BlockFetcher, type Fetched, type IsWorthwhile } from './block-fetcher'
import { BLOCK_STREAM, sharing } from './sharing'

const FOLDER = BlocksFolder.parse('ab12')
const STUDIO = NodeId.parse('a'.repeat(64))
const OLDER = NodeId.parse('b'.repeat(64))
const always: IsWorthwhile = () => true

/** The name of the block with this number, of 256 tokens. */
const nameOf = (number: number): string => `ab12-${String(number).padStart(32, '0')}-256.safetensors`

describe('copying computed prompts from another machine', () => {
  let top: string
  let maxBytes: number
  let sent: (bytes: Uint8Array) => Uint8Array
  const here = () => join(top, 'here', 'prompt-cache')
  const there = () => join(top, 'there', 'prompt-cache')
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'muster-test-'))
    maxBytes = 1e9
    sent = (bytes) => bytes
    mkdirSync(join(there(), FOLDER), { recursive: true })
    mkdirSync(join(top, 'here'))
  })
  afterEach(() => rmSync(top, { recursive: true, force: true }))

  /** Puts blocks with these numbers on the other machine; a higher number was used later. */
  const has = (...numbers: number[]): void => {
    for (const number of numbers) {
      const path = join(there(), FOLDER, nameOf(number))
      writeFileSync(path, `block ${number}`.padEnd(40_000, '.'))
      utimesSync(path, 1000 + number, 1000 + number)
    }
  }
  const names = (): string[] => readdirSync(join(here(), FOLDER)).sort()

  const fetcher = (peers: readonly NodeId[] = [STUDIO]): BlockFetcher => {
    const handlers = new Map(sharing(() => ({ directory: there(), maxBytes: 1e9 })))
    return new BlockFetcher({
      cache: () => ({ directory: here(), maxBytes }),
      peers: () => peers,
      open: async function* (peer, kind, params, signal) {
        const serve = peer === STUDIO ? handlers.get(kind) : undefined
        if (!serve) throw new Error('unknown stream')
        for await (const item of serve(params, signal)) yield item instanceof Uint8Array ? sent(item) : item
      },
      limit: { take: () => Promise.resolve() },
      log: { info: () => undefined },
    })
  }

  it('brings all of a model, with the times of their use, read-only and for the user only', async () => {
    has(1, 2, 3)
    await fetcher().fetch(FOLDER, always)
    expect(names()).toEqual([1, 2, 3].map(nameOf))
    const path = join(here(), FOLDER, nameOf(2))
    expect(readFileSync(path, 'utf8')).toBe(readFileSync(join(there(), FOLDER, nameOf(2)), 'utf8'))
    expect([statSync(path).mtimeMs, statSync(path).mode & 0o777]).toEqual([1_002_000, 0o400])
  })

  it('brings the most recently used first, and stops once computing them is faster', async () => {
    has(1, 2, 3)
    const seen: Fetched[] = []
    await fetcher().fetch(FOLDER, (fetched) => {
      seen.push(fetched)
      return fetched.tokens < 512
    })
    expect(names()).toEqual([2, 3].map(nameOf))
    expect(seen.map(({ blocks, tokens, bytes }) => [blocks, tokens, bytes])).toEqual([
      [0, 0, 0],
      [1, 256, 40_000],
      [2, 512, 80_000],
    ])
  })

  it('brings no more than fits beside what is here, and nothing where the cache is off', async () => {
    has(1, 2, 3)
    mkdirSync(join(here(), 'cd34'), { recursive: true })
    writeFileSync(join(here(), 'cd34', nameOf(9).replace('ab12', 'cd34')), 'x'.repeat(50_000))
    maxBytes = 50_000 + 2 * 40_000
    await fetcher().fetch(FOLDER, always)
    expect(names()).toEqual([2, 3].map(nameOf))
    rmSync(join(here(), FOLDER), { recursive: true })
    maxBytes = 0
    await fetcher().fetch(FOLDER, always)
    expect(readdirSync(here())).toEqual(['cd34'])
  })

  it.each([
    ['less', (bytes: Uint8Array) => bytes.subarray(1)],
    ['more', (bytes: Uint8Array) => Buffer.concat([bytes, bytes])],
  ])('a machine that sends %s than it listed leaves nothing behind', async (_what, change) => {
    has(1)
    sent = change
    await fetcher().fetch(FOLDER, always)
    expect(names()).toEqual([])
  })

  it('a machine that does not know of blocks is passed over', async () => {
    has(1)
    await fetcher([OLDER, STUDIO]).fetch(FOLDER, always)
    expect(names()).toEqual([nameOf(1)])
  })

  it('serves nothing but blocks, and follows no link', async () => {
    writeFileSync(join(top, 'secret'), 'x')
    writeFileSync(join(there(), FOLDER, 'notes.txt'), 'x')
    symlinkSync(join(top, 'secret'), join(there(), FOLDER, nameOf(7)))
    await fetcher().fetch(FOLDER, always)
    expect(readdirSync(join(top, 'here'))).not.toContain('prompt-cache')
    const serve = new Map(sharing(() => ({ directory: there(), maxBytes: 1e9 }))).get(BLOCK_STREAM)
    const ask = async (params: unknown): Promise<void> => {
      for await (const _item of serve?.(params, new AbortController().signal) ?? []) continue
    }
    await expect(ask({ folder: FOLDER, name: '../../secret' })).rejects.toThrow()
    await expect(ask({ folder: '..', name: nameOf(7) })).rejects.toThrow()
    await expect(ask({ folder: FOLDER, name: nameOf(7) })).rejects.toThrow(/ELOOP/)
  })

  it('takes no file whose name no runner could read', async () => {
    has(1)
    writeFileSync(join(there(), FOLDER, nameOf(2).replace('ab12', 'ab1')), 'x')
    await fetcher().fetch(FOLDER, always)
    expect(names()).toEqual([nameOf(1)])
  })

  it('ends when the node does', async () => {
    has(1, 2, 3)
    const one = fetcher()
    const fetched = one.fetch(FOLDER, () => {
      void one.close()
      return true
    })
    await fetched
    expect(names().length).toBeLessThan(3)
    expect(names().every((name) => name.endsWith('.safetensors'))).toBe(true)
  })
})
