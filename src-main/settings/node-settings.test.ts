import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openNodeSettings, type NodeSettingsOptions } from './node-settings'

describe('the settings of a node', () => {
  let dataDir: string
  let warnings: string[]
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'muster-settings-'))
    warnings = []
  })
  afterEach(() => rmSync(dataDir, { recursive: true }))

  const file = () => join(dataDir, 'settings.json')
  const write = (text: string) => writeFileSync(file(), text)
  const written = (): unknown => JSON.parse(readFileSync(file(), 'utf8'))
  const open = (options: Partial<NodeSettingsOptions> = {}) =>
    openNodeSettings({ dataDir, env: {}, onWarning: (warning) => warnings.push(warning), now: () => 0, ...options })

  it('are defaults on a new machine, and nothing is written before something is set', async () => {
    const settings = await open()
    expect(settings.current()).toEqual({
      host: '127.0.0.1',
      port: 52416,
      peerPort: 52417,
      peers: [],
      allowedHosts: [],
      allowedOrigins: [],
      discovery: true,
      worker: true,
      offline: false,
      offerSetup: true,
      logLevel: 'info',
      loadOnRequest: 'auto',
      onRequestIdleSeconds: 300,
      keepAwake: 'never',
      diskCacheGigabytes: 20,
      downloadBytesPerSecond: 0,
      keepFreeGigabytes: 1,
      hub: 'huggingface',
      modelFolders: [],
      shareWithHuggingFace: false,
    })
    expect(readdirSync(dataDir)).toEqual([])
    expect(warnings).toEqual([])
  })

  it('come from the command line before the environment before the file', async () => {
    write('{"host": "::1", "port": 1, "friendlyName": "file"}')
    const settings = await open({ env: { MUSTER_PORT: '2', MUSTER_NAME: 'env' }, flags: { friendlyName: 'flag' } })
    expect(settings.current()).toMatchObject({ host: '::1', port: 2, friendlyName: 'flag' })
    expect([...settings.fixed()].sort()).toEqual(['friendlyName', 'port'])
  })

  it('survive a restart', async () => {
    await (await open()).update({ friendlyName: 'Studio', port: 4000 })
    expect((await open()).current()).toMatchObject({ friendlyName: 'Studio', port: 4000 })
  })

  it('never store overrides of a single run', async () => {
    const settings = await open({ env: { MUSTER_PORT: '2' } })
    await settings.update({ offline: true })
    expect(written()).toEqual({ offline: true })
    expect(settings.current()).toMatchObject({ port: 2, offline: true })
  })

  it('go back to the default when they are cleared', async () => {
    const settings = await open()
    await settings.update({ friendlyName: 'Studio', port: 4000 })
    expect(await settings.update({ friendlyName: undefined, port: undefined })).toEqual((await open()).current())
    expect(written()).toEqual({})
  })

  it('leave fields of a newer version in the file', async () => {
    write('{"port": 4000, "fromTheFuture": {"a": [1]}}')
    await (await open()).update({ port: 5000 })
    expect(written()).toEqual({ port: 5000, fromTheFuture: { a: [1] } })
  })

  it('warn of names that are no setting, shortened, without their values', async () => {
    write('{"port": 4000, "prot": "SECRET", "hubtoken": "SECRET"}')
    expect((await open()).current().port).toBe(4000)
    expect(warnings).toEqual([
      `${file()} has settings that this version does not know; they have no effect: "prot", "hubtoken".`,
    ])
    warnings.length = 0
    write(JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`${at}${'x'.repeat(1000)}`, at]))))
    await open()
    expect(warnings).toEqual([expect.stringContaining(' and 490 more.')])
    expect(warnings.join('').length).toBeLessThan(1500)
  })

  it('use the default for one bad value, say so, and keep the others', async () => {
    write('{"port": "many", "offline": true}')
    const settings = await open()
    expect(settings.current()).toMatchObject({ port: 52416, offline: true })
    expect(warnings).toEqual([expect.stringContaining(`"port" in ${file()} is "many"`)])
    await settings.update({ worker: false })
    expect(written()).toEqual({ port: 'many', offline: true, worker: false })
  })

  it('are read from a file that begins with a byte order mark', async () => {
    write('\ufeff{"port": 4000}\r\n')
    expect((await open()).current().port).toBe(4000)
    expect(warnings).toEqual([])
  })

  it('warn of a bad value without its secrets, and without all of its length', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    write(
      `{"hubToken": "hf_SECRET x", "proxy": "ada:SECR@ET@proxy:3128", "hubUrl": "ftp://ada:SECRET@hub", "host": ${deep}, "port": "${'9'.repeat(10_000)}"}`,
    )
    await open()
    const said = warnings.join('\n')
    expect(warnings).toHaveLength(5)
    expect(said).not.toMatch(/SECR|ada/)
    expect(said).toContain('"…@proxy:3128"')
    expect(said).toContain('"ftp://…@hub"')
    expect(said.length).toBeLessThan(2000)
  })

  it.each(['{"port": 40', '[]', 'null', '', '"x"'])('move a file with %s aside and say where to', async (text) => {
    write(text)
    expect((await open()).current().port).toBe(52416)
    expect(readdirSync(dataDir)).toEqual(['settings.json.damaged-1970-01-01T00-00-00-000Z'])
    expect(readFileSync(`${file()}.damaged-1970-01-01T00-00-00-000Z`, 'utf8')).toBe(text)
    expect(warnings).toEqual([expect.stringContaining(`${file()} could not be read`)])
  })

  it.each([
    ['--name', { friendlyName: 'x'.repeat(101) }],
    ['--name', { friendlyName: ' ' }],
    ['--host', { host: '' }],
    ['--disk-cache', { diskCacheGigabytes: 1e9 }],
    ['--on-request-idle', { onRequestIdleSeconds: 1e12 }],
    ['--peer-port', { peerPort: 65_536 }],
  ])('refuse an option of the command line that cannot be used, by its name: %s', async (option, flags) => {
    await expect(open({ flags })).rejects.toMatchObject({
      code: 'invalid_setting',
      message: expect.stringContaining(`${option} is set to `) as string,
      hint: expect.stringContaining(option) as string,
    })
    expect(readdirSync(dataDir)).toEqual([])
  })

  it('refuse an invalid change and change nothing', async () => {
    const settings = await open()
    await expect(settings.update({ port: 70_000 })).rejects.toMatchObject({ code: 'invalid_setting' })
    expect(settings.current().port).toBe(52416)
    expect(readdirSync(dataDir)).toEqual([])
    await expect(settings.update({ port: 7000 })).resolves.toMatchObject({ port: 7000 })
  })

  it('notify subscribers until they unsubscribe', async () => {
    const settings = await open()
    const heard: number[] = []
    const stop = settings.subscribe(({ port }) => heard.push(port))
    await settings.update({ port: 1 })
    stop()
    await settings.update({ port: 2 })
    expect(heard).toEqual([1])
  })

  it('are settled once the updates made so far are applied, or have failed', async () => {
    const settings = await open()
    void settings.update({ port: 4000 })
    settings.update({ port: -1 }).catch(() => undefined)
    void settings.update({ friendlyName: 'Studio' })
    await settings.settled()
    expect(settings.current()).toMatchObject({ port: 4000, friendlyName: 'Studio' })
  })

  it('lose no change when two are made concurrently', async () => {
    const settings = await open()
    await Promise.all([
      settings.update({ port: 1 }),
      settings.update({ offline: true }),
      settings.update({ host: '::1' }),
    ])
    expect(written()).toEqual({ port: 1, offline: true, host: '::1' })
  })

  it('say what to do where the file cannot be written, and stay as they were', async () => {
    const settings = await openNodeSettings({ dataDir: join(dataDir, 'a'), env: {}, onWarning: () => undefined })
    writeFileSync(join(dataDir, 'a'), 'in the way')
    await expect(settings.update({ port: 1 })).rejects.toMatchObject({
      code: 'settings_not_written',
      hint: expect.stringContaining('disk'),
    })
    expect(settings.current().port).toBe(52416)
  })
})
