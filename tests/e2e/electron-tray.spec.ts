import { expect } from '@playwright/test'
import { Control } from '../harness/control'
import {
  answer,
  chooseInTray,
  notices,
  questions,
  startDesktopAgain,
  trayMenu,
  withPerson,
} from '../harness/desktop-app'
import { apiUrl, connected, ended, nextWindow, test } from '../harness/desktop-test'
import { freePort } from '../harness/free-port'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { PATIENCE_MS } from '../harness/patience'

test('the menu bar tells how all is, and everything in it works', async ({ folder, start }) => {
  addTinyModel(folder.path)
  const electron = await start({ main: withPerson(folder.path) })
  const page = await connected(electron)
  const url = await apiUrl(page)
  const control = new Control(url)
  await expect.poll(() => trayMenu(electron)).toContain('No always-on models')
  expect(await trayMenu(electron)).toContain('Quit Muster')
  await control.declare(TINY, { name: 'chat' })
  await expect.poll(() => trayMenu(electron), { timeout: PATIENCE_MS }).toContain('chat — ready')
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
  await expect.poll(() => trayMenu(electron), { timeout: PATIENCE_MS }).toContain('chat — ready')

  await chooseInTray(electron, 'Settings…')
  await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible()
  // As a person closes it, not by the debugger.
  await Promise.all([
    page.waitForEvent('close'),
    electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close()),
  ])
  const back = nextWindow(electron)
  await chooseInTray(electron, 'Connect a tool…')
  await expect((await back).getByRole('heading', { name: 'Connect', exact: true })).toBeVisible()
})

test('quitting from the menu bar says what stops, and can be thought better of', async ({ folder, start }) => {
  addTinyModel(folder.path)
  const electron = await start({ main: withPerson(folder.path) })
  await new Control(await apiUrl(await connected(electron))).declare(TINY, { name: 'chat' })
  await expect.poll(() => trayMenu(electron), { timeout: PATIENCE_MS }).toContain('Quit Muster…')
  await chooseInTray(electron, 'Quit Muster…')
  await expect.poll(() => questions(electron)).toHaveLength(1)
  const [question] = await questions(electron)
  expect(question).toMatchObject({ message: 'Quit Muster on this machine?', buttons: ['Quit', 'Cancel'] })
  expect(question?.detail).toMatch(/^chat stops: .+/)
  await answer(electron, 'Cancel')
  await chooseInTray(electron, 'Quit Muster…')
  await expect.poll(() => questions(electron)).toHaveLength(1)
  const end = ended(electron)
  await answer(electron, 'Quit')
  await end
})

test('a machine that asks to join is told by a notification, and let in from the menu bar', async ({
  folder,
  start,
}) => {
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

test('a link from elsewhere opens a form that asks, and does nothing by itself', async ({ folder, start }) => {
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
