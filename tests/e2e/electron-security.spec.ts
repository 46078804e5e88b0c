import { expect } from '@playwright/test'
import { complaintsOf } from '../harness/complaints'
import { answer, opened, questions, withPerson } from '../harness/desktop-app'
import { apiUrl, connected, firstWindow, test } from '../harness/desktop-test'
import { addTinyModel } from '../harness/models'

test('the page has no more rights than a web page', async ({ folder, start }) => {
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

test('the page goes nowhere, and links to the web ask first', async ({ folder, start }) => {
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

test('the window has the switches of Electron’s checklist', async ({ start }) => {
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

test('its strict policy lets every page look as it should', async ({ folder, start }) => {
  addTinyModel(folder.path)
  const electron = await start()
  const page = await firstWindow(electron)
  const complaints = complaintsOf(page)
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
  if (!button || !menu) throw new Error('both are shown')
  const gap = Math.max(menu.y - (button.y + button.height), button.y - (menu.y + menu.height))
  expect(gap).toBeLessThan(50)
  expect(complaints).toEqual([])
})

test('the window is signed in to a node that is open to the network, and holds no secret', async ({ start }) => {
  const electron = await start({ env: { MUSTER_HOST: '0.0.0.0' } })
  const page = await connected(electron)
  expect((await fetch(`${await apiUrl(page)}/state`)).status).toBe(401)
  expect(await page.evaluate(`document.cookie`)).toBe('')
})
