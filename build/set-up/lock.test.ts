import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acquireLock } from './lock.mjs'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'muster-lock-'))
  file = path.join(folder, 'lock')
})
afterEach(() => rm(folder, { recursive: true }))

const never = new AbortController().signal
const acquire = (onWait: (holder: string) => void = () => undefined, signal = never) =>
  acquireLock(file, { signal, onWait, pollMs: 5 })

/** The id of a process that has ended. */
async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid ?? 0
}

describe('the set-up lock', () => {
  it('admits the second process when the first is done, and names the holder meanwhile', async () => {
    const release = await acquire()
    const order: string[] = []
    let waitedFor: string | undefined
    let waiting: () => void = () => undefined
    const isWaiting = new Promise<void>((resolve) => {
      waiting = resolve
    })
    const second = acquire((holder) => {
      waitedFor = holder
      waiting()
    }).then((releaseSecond) => {
      order.push('second in')
      return releaseSecond
    })
    await isWaiting
    order.push('first out')
    await release()
    await (
      await second
    )()
    expect(order).toEqual(['first out', 'second in'])
    expect(waitedFor).toBe(String(process.pid))
    expect(existsSync(file)).toBe(false)
  })

  it('never admits two at once', async () => {
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 12 }, async () => {
        const release = await acquire()
        inside += 1
        most = Math.max(most, inside)
        await new Promise((resolve) => setImmediate(resolve))
        inside -= 1
        await release()
      }),
    )
    expect(most).toBe(1)
  })

  it('is taken over from a process that is gone', async () => {
    await writeFile(file, String(await deadProcess()))
    await (
      await acquire(() => expect.unreachable('nobody holds it'))
    )()
  })

  it('is taken over from a holder that has not touched it for long', async () => {
    await writeFile(file, String(process.pid))
    const longAgo = new Date(Date.now() - 60_000)
    await utimes(file, longAgo, longAgo)
    await (
      await acquire()
    )()
  })

  it('admits one process if several find it abandoned at the same time', async () => {
    await writeFile(file, String(await deadProcess()))
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const release = await acquire()
        inside += 1
        most = Math.max(most, inside)
        await new Promise((resolve) => setImmediate(resolve))
        inside -= 1
        await release()
      }),
    )
    expect(most).toBe(1)
  })

  it('says what to do where nothing can be written', async () => {
    await writeFile(file, '')
    const problem = acquireLock(path.join(file, 'set-up', 'lock'), { signal: never, onWait: () => undefined })
    await expect(problem).rejects.toMatchObject({
      name: 'SetUpProblem',
      message: expect.stringContaining(path.join(file, 'set-up')) as string,
      hint: expect.stringContaining('read-only') as string,
    })
  })

  it('is no longer waited for after an interrupt', async () => {
    const release = await acquire()
    const stop = new AbortController()
    const waiting = acquire(() => stop.abort(new Error('stopped')), stop.signal)
    await expect(waiting).rejects.toThrow()
    await release()
  })
})
