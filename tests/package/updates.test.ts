import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { UpdateStatus } from '@core/protocols/desktop'
import { temporaryFolder } from '../harness/headless-node'
import { noPackage, packageApp, packagedResources, startPackaged, type PackagedApp } from '../harness/packaged-app'
import { python } from '../harness/paths'
import { startUpdateFeed, type UpdateFeed } from '../harness/update-feed'

const address = join(packagedResources, 'app-update.yml')
const NEWER = { version: '99.1.0', content: Buffer.from('#!/bin/sh\nexit 0\n') }

describe.skipIf(noPackage !== undefined)('an installed app updates itself', () => {
  let folder: { path: string; dispose(): void }
  let feed: UpdateFeed
  let app: PackagedApp
  /** The file that an AppImage was started from, which an update replaces. */
  let installed: string

  const ask = async (action: 'show' | 'check'): Promise<UpdateStatus> =>
    UpdateStatus.parse(await app.page.evaluate(`window.muster.update({ action: '${action}' })`))
  const reached = async (state: UpdateStatus['state']): Promise<UpdateStatus> => {
    await app.page.until(`window.muster.update({ action: 'show' }).then((status) => status.state === '${state}')`)
    return ask('show')
  }

  beforeAll(async () => {
    packageApp()
    feed = await startUpdateFeed()
    writeFileSync(address, `provider: generic\nurl: ${feed.url}\nupdaterCacheDirName: muster-updates\n`)
    folder = temporaryFolder()
    installed = join(folder.path, 'Muster.AppImage')
  }, 600_000)

  beforeEach(() => writeFileSync(installed, 'the version that runs', { mode: 0o755 }))

  const start = async (): Promise<void> => {
    app = await startPackaged(folder.path, { MUSTER_PYTHON: python, APPIMAGE: installed })
    await app.page.until(`document.querySelector('h1') !== null`)
  }

  afterAll(async () => {
    await feed?.close()
    rmSync(address, { force: true })
    folder?.dispose()
  })

  it('is up to date, then fetches a newer version, and installs it as it quits', async () => {
    await start()
    expect(await ask('show')).toEqual({ state: 'idle' })
    feed.publish({ version: '0.0.1', content: NEWER.content })
    await ask('check')
    expect(await reached('idle')).toEqual({ state: 'idle' })
    expect(feed.asked).toEqual(['/latest-linux.yml'])

    feed.publish(NEWER)
    await ask('check')
    expect(await reached('ready')).toEqual({ state: 'ready', version: '99.1.0' })
    expect(readFileSync(installed, 'utf8')).toBe('the version that runs')
    expect(await app.quit()).toBe(0)
    expect(readFileSync(installed)).toEqual(NEWER.content)
  })

  it('refuses what has not the hash that the feed gives, and keeps the version that runs', async () => {
    rmSync(join(folder.path, '.cache'), { recursive: true, force: true })
    await start()
    feed.publish({ ...NEWER, version: '99.2.0', sha512: Buffer.alloc(64, 1).toString('base64') })
    await ask('check')
    const failed = await reached('failed')
    expect(failed).toMatchObject({ reason: expect.stringMatching(/sha512 checksum mismatch/) as string })
    expect(await app.quit()).toBe(0)
    expect(readFileSync(installed, 'utf8')).toBe('the version that runs')
  })

  it('says so where the feed makes no sense, and can look again', async () => {
    rmSync(join(folder.path, '.cache'), { recursive: true, force: true })
    await start()
    feed.publish({ ...NEWER, version: 'not a version' })
    await ask('check')
    expect(await reached('failed')).toMatchObject({ reason: expect.stringMatching(/version/) as string })
    feed.publish(NEWER)
    await ask('check')
    expect(await reached('ready')).toEqual({ state: 'ready', version: NEWER.version })
    expect(await app.quit()).toBe(0)
  })
})
