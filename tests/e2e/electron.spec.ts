import { mkdirSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type ElectronApplication, type Page } from '@playwright/test'
import { Control } from '../harness/control'
import {
  answer,
  chooseInTray,
  noDesktop,
  notices,
  opened,
  questions,
  startDesktop,
  startDesktopAgain,
  trayMenu,
  withPerson,
} from '../harness/desktop-app'
import { freePort } from '../harness/free-port'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'

const READY_TIMEOUT = 60_000

test.skip(noDesktop !== undefined, noDesktop)

let folder: { path: string; dispose(): void }
let app: ElectronApplication | undefined

test.beforeEach(() => {
  folder = temporaryFolder()
})
test.afterEach(async () => {
  await app?.close()
  app = undefined
  folder.dispose()
})

const start = async (options: Partial<Parameters<typeof startDesktop>[0]> = {}): Promise<ElectronApplication> => {
  app = await startDesktop({ dataDir: folder.path, ...options })
  return app
}

const heading = (page: Page) => page.getByRole('heading', { name: 'Cluster', exact: true })

/** The first window, when its page shows what its node says. */
const connected = async (electron: ElectronApplication): Promise<Page> => {
  const page = await electron.firstWindow()
  await expect(page.getByText('1 of 1 machine connected')).toBeVisible()
  return page
}

const apiUrl = (page: Page): Promise<string> => page.evaluate(`window.muster.apiAccess().then(({ url }) => url)`)

const windows = (electron: ElectronApplication): Promise<number> =>
  electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)

const gone = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

test('a model is declared, becomes ready, answers, and quitting leaves no process behind', async () => {
  addTinyModel(folder.path)
  const electron = await start()
  const page = await connected(electron)
  expect(page.url()).toBe('app://muster/')
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  expect(violations.map(({ id }) => id)).toEqual([])

  await page.getByRole('button', { name: 'Launch a model…' }).first().click()
  await page.getByRole('button', { name: 'Launch', exact: true }).click()
  const card = page.locator('[data-meta-instance-id]')
  await expect(card).toHaveAttribute('data-status', 'READY', { timeout: READY_TIMEOUT })
  await card.getByRole('button', { name: 'Chat' }).click()
  await page.getByRole('textbox', { name: 'Message' }).fill('hello')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByRole('article', { name: 'Answer' })).toBeVisible()
  // What this model says is random, and may be little; that its answer was whole is in the state.
  const { runners } = await new Control(await apiUrl(page)).until('an answer', ({ tasks }) =>
    Object.values(tasks).some(({ status }) => status === 'Complete'),
  )
  const runnerPids = Object.values(runners).map((runner) => ('pid' in runner ? Number(runner.pid) : 0))
  expect(runnerPids).toHaveLength(1)
  const own = await electron.evaluate(({ app: running }) => running.getAppMetrics().map(({ pid }) => pid))
  await electron.close()
  await expect.poll(() => [...runnerPids, ...own].filter((pid) => !gone(pid)), { timeout: 15_000 }).toEqual([])
})

/** What a person does with a folder of the desktop: only Chromium's own protocol makes a drop that is trusted. */
const dropFolder = async (page: Page, path: string): Promise<void> => {
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [path], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data })
}

test('a model’s folder that is dropped on the window is added by a link; what is wrong with one is said', async () => {
  const given = temporaryFolder()
  try {
    const model = addTinyModel(given.path)
    const broken = join(given.path, 'broken')
    mkdirSync(broken)
    writeFileSync(join(broken, 'config.json'), '{"model_ty')
    const electron = await start()
    const page = await connected(electron)
    await dropFolder(page, model)
    const id = `local/${basename(model)}`
    await expect(page.getByRole('status').filter({ hasText: `${id} was added` })).toBeVisible()
    expect(readlinkSync(join(folder.path, 'models', ...id.split('/')))).toBe(realpathSync(model))
    await page.getByRole('button', { name: 'Show models' }).click()
    await expect(page.getByText(id).first()).toBeVisible()
    await dropFolder(page, model)
    await expect(page.getByText(`${id} is here already.`)).toBeVisible()
    await dropFolder(page, broken)
    await expect(page.getByRole('dialog')).toContainText('Can’t add this folder.')
    await expect(page.getByRole('dialog')).toContainText('config.json')
  } finally {
    given.dispose()
  }
})

test('the page has no more rights than a web page', async () => {
  const electron = await start({ main: withPerson(folder.path) })
  const page = await connected(electron)
  expect(await page.evaluate(`['require', 'process', 'module', 'Buffer'].filter((name) => name in window)`)).toEqual([])
  expect(await page.evaluate(`Object.keys(window.muster ?? {}).sort()`)).toEqual([
    'addDroppedFolder',
    'apiAccess',
    'bridgedPorts',
    'commandLineTool',
    'loginItem',
    'preferences',
    'update',
  ])
  expect(await page.evaluate(`window.muster.loginItem({ openAtLogin: 'yes' }).catch(() => 'refused')`)).toBe('refused')
  expect(await page.evaluate(`window.muster.loginItem({ other: true }).catch(() => 'refused')`)).toBe('refused')
  expect(await page.evaluate(`window.muster.bridgedPorts({ action: 'reboot' }).catch(() => 'refused')`)).toBe('refused')
  expect(await page.evaluate(`window.muster.preferences({ feed: 'http://x' }).catch(() => 'refused')`)).toBe('refused')
  expect(await page.evaluate(`window.muster.update({ action: 'show' })`)).toEqual({
    state: 'unavailable',
    why: 'sources',
  })
  const tool = `window.muster.commandLineTool({ action: 'install', path: '/etc' }).catch(() => 'refused')`
  expect(await page.evaluate(tool)).toBe('refused')
  expect(await page.evaluate(`window.muster.commandLineTool({ action: 'show' })`)).toEqual({ state: 'unavailable' })
  // Neither a path that the page names nor a drop that it makes up adds a folder.
  const madeUp = `(() => {
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File(['x'], 'etc'))
    window.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }))
    return window.muster.addDroppedFolder('/etc')
  })()`
  expect(await page.evaluate(madeUp)).toEqual({ status: 'none' })
  // Commands that were not shown are not run, on any system.
  const foreign = `window.muster.bridgedPorts({ action: 'release', commands: ['/sbin/reboot'] })`
  expect(await page.evaluate(foreign)).toMatchObject({ outcome: expect.stringMatching(/^(?:shown|changed)$/) })

  // The page's policy holds: neither a script that text could smuggle in, nor a word to anybody else.
  const smuggled = `(() => {
    const script = document.createElement('script')
    script.textContent = 'window.smuggled = true'
    document.body.append(script)
    return 'smuggled' in window
  })()`
  expect(await page.evaluate(smuggled)).toBe(false)
  const blocked = `new Promise((resolve) => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective))
    fetch('https://example.com/').catch(() => undefined)
  })`
  expect(await page.evaluate(blocked)).toBe('connect-src')
  const refused = `navigator.permissions.query({ name: 'geolocation' }).then(({ state }) => state)`
  expect(await page.evaluate(refused)).toBe('denied')
})

test('the page goes nowhere, and links to the web ask first', async () => {
  const electron = await start({ main: withPerson(folder.path) })
  const page = await connected(electron)
  expect(await page.evaluate(`window.open('https://example.com/a') === null`)).toBe(true)
  await expect.poll(() => questions(electron)).toMatchObject([{ message: 'Open example.com in your browser?' }])
  // A page that asks again is heard once.
  await page.evaluate(`window.open('https://example.com/again')`)
  await page.evaluate(`window.open('file:///etc/passwd')`)
  await answer(electron, 'Cancel')
  expect(await questions(electron)).toEqual([])
  expect(await opened(electron)).toEqual([])

  await page.evaluate(`window.open('https://example.com/b')`)
  await expect.poll(() => questions(electron)).toHaveLength(1)
  await answer(electron, 'Open')
  await expect.poll(() => opened(electron)).toEqual(['https://example.com/b'])

  await page.getByRole('link', { name: 'Connect' }).click()
  await page.getByRole('link', { name: 'All routes of the API' }).click()
  await expect.poll(() => opened(electron)).toEqual(['https://example.com/b', `${await apiUrl(page)}/docs`])
  expect(electron.windows()).toHaveLength(1)

  const tried = electron.evaluate(
    ({ BrowserWindow }) =>
      new Promise((resolve) =>
        BrowserWindow.getAllWindows()[0]?.webContents.once('will-navigate', (event, url) =>
          resolve({ url, prevented: event.defaultPrevented }),
        ),
      ),
  )
  // Asked in order: by the answer to this, the one above listens.
  await electron.evaluate(() => undefined)
  await page.evaluate(`void (window.location.href = 'https://example.com/')`)
  expect(await tried).toEqual({ url: 'https://example.com/', prevented: true })
  expect(await page.evaluate(`document.querySelector('h1')?.textContent`)).toBe('Connect')
  expect(page.url()).toMatch(/^app:\/\/muster\//)
})

test('the window has the switches of Electron’s checklist', async () => {
  const electron = await start()
  await connected(electron)
  const switches = await electron.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows()
    const contents = window?.webContents as unknown as { getLastWebPreferences(): Record<string, unknown> }
    return contents.getLastWebPreferences()
  })
  expect(switches).toMatchObject({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    webviewTag: false,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
  })
  expect(switches['enableBlinkFeatures'] ?? '').toBe('')
})

test('its strict policy lets every page look as it should', async () => {
  addTinyModel(folder.path)
  const electron = await start()
  const page = await electron.firstWindow()
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.reload()
  for (const name of ['Models', 'Chat', 'Connect', 'Activity', 'Cluster']) {
    await page.getByRole('link', { name }).click()
    await expect(page.getByRole('heading', { name, exact: true })).toBeVisible()
  }
  await page.getByRole('button', { name: 'Launch a model…' }).first().click()
  await page.getByRole('button', { name: 'Launch', exact: true }).click()
  const card = page.locator('[data-meta-instance-id]')
  await card.getByRole('button', { name: /^More for/ }).click()
  await expect(page.getByRole('menuitem', { name: 'Delete…' })).toBeVisible()
  // The menu lies at its button: it is placed by styles that the page sets itself.
  const button = await card.getByRole('button', { name: /^More for/, includeHidden: true }).boundingBox()
  const menu = await page.getByRole('menu').boundingBox()
  expect(Math.abs((menu?.y ?? 0) - (button?.y ?? 0))).toBeLessThan(300)
  expect(complaints).toEqual([])
})

test('text can be copied from the page', async () => {
  const electron = await start()
  const page = await connected(electron)
  await electron.evaluate(({ clipboard }) => clipboard.writeText('before'))
  await page.bringToFront()
  await page.getByRole('contentinfo').getByRole('button').first().click()
  await expect.poll(() => electron.evaluate(({ clipboard }) => clipboard.readText())).toBe(`${await apiUrl(page)}/v1`)
})

test('closing the window leaves the node at work, and a second start brings the window back where it was', async () => {
  const electron = await start()
  const page = await connected(electron)
  const place = { x: 40, y: 50, width: 900, height: 600 }
  await electron.evaluate(({ BrowserWindow }, bounds) => BrowserWindow.getAllWindows()[0]?.setBounds(bounds), place)
  await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
  await page.waitForEvent('close').catch(() => undefined)
  await expect.poll(() => windows(electron)).toBe(0)

  const back = electron.waitForEvent('window')
  expect(await startDesktopAgain({ dataDir: folder.path })).toBe(0)
  await expect(heading(await back)).toBeVisible()
  expect(await windows(electron)).toBe(1)
  const bounds = await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getNormalBounds())
  expect(bounds).toMatchObject({ width: place.width, height: place.height })
})

test('the window’s place outlives the app', async () => {
  const electron = await start()
  await connected(electron)
  await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setSize(910, 610))
  await electron.close()
  const kept: unknown = JSON.parse(readFileSync(join(folder.path, 'desktop', 'window.json'), 'utf8'))
  expect(kept).toMatchObject({ width: 910, height: 610, maximized: false })
})

test('the menu bar tells how all is, and everything in it works', async () => {
  addTinyModel(folder.path)
  const electron = await start({ main: withPerson(folder.path) })
  const page = await connected(electron)
  const url = await apiUrl(page)
  const control = new Control(url)
  await expect.poll(() => trayMenu(electron)).toContain('No always-on models')
  expect(await trayMenu(electron)).toContain('Quit Muster')
  await control.declare(TINY, { name: 'chat' })
  await expect.poll(() => trayMenu(electron), { timeout: READY_TIMEOUT }).toContain('chat — ready')
  const menu = await trayMenu(electron)
  expect(menu).toEqual(expect.arrayContaining(['1 model ready', 'Chat', 'Restart', 'Pause all models', 'Settings…']))
  expect(menu.filter((label) => label.startsWith('1 machine · '))).toHaveLength(1)

  await chooseInTray(electron, 'Copy API address')
  expect(await electron.evaluate(({ clipboard }) => clipboard.readText())).toBe(`${url}/v1`)
  await chooseInTray(electron, 'Copy model id')
  expect(await electron.evaluate(({ clipboard }) => clipboard.readText())).toBe('chat')
  await chooseInTray(electron, 'Keep awake for models')
  await expect.poll(async () => (await control.request('/node/power')).json()).toMatchObject({ keepAwake: 'on-power' })
  await chooseInTray(electron, 'Pause')
  await expect.poll(() => trayMenu(electron)).toContain('chat — paused')
  await chooseInTray(electron, 'Resume')
  await expect.poll(() => trayMenu(electron), { timeout: READY_TIMEOUT }).toContain('chat — ready')

  await chooseInTray(electron, 'Settings…')
  await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible()
  await page.close()
  const back = electron.waitForEvent('window')
  await chooseInTray(electron, 'Connect a tool…')
  await expect((await back).getByRole('heading', { name: 'Connect', exact: true })).toBeVisible()
})

test('quitting from the menu bar says what stops, and can be thought better of', async () => {
  addTinyModel(folder.path)
  const electron = await start({ main: withPerson(folder.path) })
  await new Control(await apiUrl(await connected(electron))).declare(TINY, { name: 'chat' })
  await expect.poll(() => trayMenu(electron), { timeout: READY_TIMEOUT }).toContain('Quit Muster…')
  await chooseInTray(electron, 'Quit Muster…')
  await expect.poll(() => questions(electron)).toHaveLength(1)
  const [question] = await questions(electron)
  expect(question).toMatchObject({ message: 'Quit Muster on this machine?', buttons: ['Quit', 'Cancel'] })
  expect(question?.detail).toMatch(/^chat stops: .+/)
  await answer(electron, 'Cancel')
  await chooseInTray(electron, 'Quit Muster…')
  await expect.poll(() => questions(electron)).toHaveLength(1)
  const ended = electron.waitForEvent('close')
  await answer(electron, 'Quit')
  await ended
})

test('a machine that asks to join is told by a notification, and let in from the menu bar', async () => {
  const peerPort = await freePort()
  const electron = await start({ main: withPerson(folder.path), env: { MUSTER_PEER_PORT: String(peerPort) } })
  const url = await apiUrl(await connected(electron))
  const other = temporaryFolder()
  const joiner = await startHeadless({
    dataDir: other.path,
    args: ['--no-discovery', '--peer-port', '0', '--name', 'Air'],
  })
  const asked = await new Control(joiner.url).request('/cluster/join', {
    method: 'POST',
    json: { address: `127.0.0.1:${peerPort}` },
  })
  expect(asked.status).toBe(202)
  await expect
    .poll(async () => (await trayMenu(electron)).find((label) => label.startsWith('Air asks to join')))
    .toMatch(/^Air asks to join · \d{3} \d{3}$/)
  await expect.poll(async () => (await notices(electron)).map(({ title }) => title)).toEqual(['Air asks to join'])
  expect((await notices(electron))[0]?.body).toMatch(/\d{3} \d{3}/)
  await chooseInTray(electron, 'Allow')
  await new Control(url).until('it is a member', ({ members }) => Object.keys(members).length === 2)
  await joiner.stop()
  other.dispose()
})

test('a link from elsewhere opens a form that asks, and does nothing by itself', async () => {
  addTinyModel(folder.path)
  const electron = await start()
  const page = await connected(electron)
  const control = new Control(await apiUrl(page))
  expect(await startDesktopAgain({ dataDir: folder.path, args: [`muster://model/${TINY}`] })).toBe(0)
  await expect(page.getByRole('dialog', { name: 'Keep a model running' })).toContainText('tiny')
  expect(Object.keys((await control.state()).metaInstances)).toEqual([])
  await page.keyboard.press('Escape')
  expect(await startDesktopAgain({ dataDir: folder.path, args: ['muster://join/192.0.2.1:52417'] })).toBe(0)
  await expect(page.getByRole('dialog').getByRole('textbox')).toHaveValue('192.0.2.1:52417')
  expect(await startDesktopAgain({ dataDir: folder.path, args: ['muster://delete/everything'] })).toBe(0)
  expect(page.url()).toMatch(/^app:\/\/muster\//)
})

test('a node that cannot start is explained, and can be tried again', async () => {
  const holder = await startHeadless({ dataDir: folder.path })
  const electron = await start({ main: withPerson(folder.path) })
  await expect
    .poll(() => questions(electron), { timeout: 15_000 })
    .toMatchObject([{ message: 'Muster can’t start.', buttons: ['Try again', 'Copy details', 'Quit'] }])
  const [question] = await questions(electron)
  expect(question?.detail).toContain(folder.path)
  await answer(electron, 'Copy details')
  await expect.poll(() => questions(electron)).toHaveLength(1)
  const copied = await electron.evaluate(({ clipboard }) => clipboard.readText())
  expect(copied).toContain(folder.path)
  expect(copied).toMatch(/Code: \w+/)

  await holder.stop()
  await answer(electron, 'Try again')
  await connected(electron)
})

test('a port in use is named, and quitting from there ends the app', async () => {
  const other = temporaryFolder()
  const holder = await startHeadless({ dataDir: other.path })
  const { port } = new URL(holder.url)
  const electron = await start({ main: withPerson(folder.path), env: { MUSTER_PORT: port } })
  await expect.poll(() => questions(electron), { timeout: 15_000 }).toHaveLength(1)
  expect((await questions(electron))[0]?.detail).toContain(port)
  const ended = electron.waitForEvent('close')
  await answer(electron, 'Quit')
  await ended
  await holder.stop()
  other.dispose()
})

test('the app is quit while it explains why its node cannot start', async () => {
  const holder = await startHeadless({ dataDir: folder.path })
  const electron = await start({ main: withPerson(folder.path) })
  await expect.poll(() => questions(electron), { timeout: 15_000 }).toHaveLength(1)
  const ended = electron.waitForEvent('close')
  electron.process().kill('SIGTERM')
  await ended
  await holder.stop()
})

test('the window is signed in to a node that is open to the network, and holds no secret', async () => {
  const electron = await start({ env: { MUSTER_HOST: '0.0.0.0' } })
  const page = await connected(electron)
  expect((await fetch(`${await apiUrl(page)}/state`)).status).toBe(401)
  expect(await page.evaluate(`document.cookie`)).toBe('')
})

test('a data folder may be named from where the app is started', async () => {
  const electron = await start({ cwd: folder.path, env: { MUSTER_DATA_DIR: 'data' } })
  await connected(electron)
  expect(await electron.evaluate(({ app: running }) => running.getPath('userData'))).toBe(
    join(folder.path, 'data', 'desktop'),
  )
})
