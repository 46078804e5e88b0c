import { expect, test, type Page } from '@playwright/test'
import { expectAccessible } from '../harness/accessible'
import { addTinyModel, TINY } from '../harness/models'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { PATIENCE_MS } from '../harness/patience'

/** What is made between two machines takes a few seconds where two cores do all of it, and longer where they do more. */
const TIMEOUT = PATIENCE_MS

const folders: { path: string; dispose(): void }[] = []
const nodes: HeadlessNode[] = []

/** A node with a window, found by nobody: where it is, a person says. */
const machine = async (name: string, prepare: (folder: string) => void = () => {}): Promise<HeadlessNode> => {
  const folder = temporaryFolder()
  prepare(folder.path)
  folders.push(folder)
  const node = await startHeadless({
    dataDir: folder.path,
    args: ['--name', name, '--peer-port', '0', '--no-discovery'],
  })
  nodes.push(node)
  return node
}

const windowOf = async (page: Page, node: HeadlessNode): Promise<void> => {
  await page.goto(node.url)
  await expect(page.getByText('1 of 1 machine connected')).toBeVisible()
}

const addMachine = (page: Page): Promise<void> => page.getByRole('button', { name: 'Add a machine…' }).first().click()

const joinBy = async (page: Page, text: string): Promise<void> => {
  await page.getByRole('textbox', { name: 'Invitation or address' }).fill(text)
  await page.getByRole('button', { name: 'Join', exact: true }).click()
}

/** Both machines in each other's window, connected. */
const expectTogether = async (...pages: Page[]): Promise<void> => {
  for (const page of pages) await expect(page.getByText('2 of 2 machines connected')).toBeVisible({ timeout: TIMEOUT })
}

test.afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()))
  for (const folder of folders.splice(0)) folder.dispose()
})

test('an invitation made in one window brings the machine of another window in, and the map shows both', async ({
  page,
  context,
}) => {
  const other = await context.newPage()
  await windowOf(page, await machine('Mac Studio'))
  await windowOf(other, await machine('MacBook Pro'))

  await addMachine(page)
  await page.getByRole('button', { name: 'Create an invitation' }).click()
  const token = await page.getByRole('textbox', { name: 'Invitation', exact: true }).inputValue()
  await expectAccessible(page)
  await page.keyboard.press('Escape')

  await addMachine(other)
  await joinBy(other, `muster join ${token}`)
  await expect(other.getByText('This machine is a member now.')).toBeVisible({ timeout: TIMEOUT })
  await other.getByRole('button', { name: 'Done' }).click()
  await expectTogether(page, other)

  const map = page.getByRole('region', { name: 'Machines', exact: true })
  await expect(map.getByRole('article', { name: 'MacBook Pro' })).toBeVisible()
  const connection = map.getByRole('button', { name: /^Connection of Mac Studio and MacBook Pro/ })
  await expect(connection).toContainText(/ms|µs/, { timeout: TIMEOUT })
  await connection.focus()
  await page.keyboard.press('Enter')
  const panel = page.getByRole('region', { name: 'Mac Studio and MacBook Pro' })
  await expect(panel.getByRole('listitem').first()).toContainText('Mac Studio → MacBook Pro')
  await expectAccessible(page)

  // A token works once, and what is wrong with it is said where it was pasted.
  await page.getByRole('button', { name: 'Check connections…' }).first().click()
  await expect(page.getByText('Both machines reach each other.')).toBeVisible({ timeout: TIMEOUT })
  await page
    .getByRole('button', { name: /Mac Studio.*MacBook Pro/ })
    .last()
    .click()
  await expect(page.getByText('It has proved its identity.').first()).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')

  await map.getByRole('button', { name: 'More for MacBook Pro' }).click()
  await page.getByRole('menuitem', { name: 'Remove from the cluster…' }).click()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await expect(map.getByRole('article')).toHaveCount(1)
  await expect(other.getByText('1 of 1 machine connected')).toBeVisible({ timeout: TIMEOUT })
})

test('who asks at an address is let in by a person who sees the same six digits, or not', async ({ page, context }) => {
  const other = await context.newPage()
  const member = await machine('Mac Studio')
  await windowOf(page, member)
  await windowOf(other, await machine('MacBook Pro'))
  const { token } = (await (
    await fetch(`${member.url}/cluster/invite`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
  ).json()) as { token: string }
  const { addresses } = JSON.parse(Buffer.from(token.slice('muster1.'.length), 'base64url').toString()) as {
    addresses: { port: number }[]
  }
  const address = `127.0.0.1:${addresses[0]?.port}`

  await addMachine(other)
  await joinBy(other, address)
  const question = page.getByRole('dialog', { name: 'Allow MacBook Pro to join?' })
  await expect(question).toBeVisible({ timeout: TIMEOUT })
  const digits = async (where: Page): Promise<string | null> =>
    where.getByRole('img', { name: /^Digits:/ }).getAttribute('aria-label')
  expect(await digits(page)).toMatch(/^Digits:( \d){6}$/)
  expect(await digits(other)).toBe(await digits(page))
  await expectAccessible(page)
  await expectAccessible(other)
  await question.getByRole('button', { name: 'Don’t allow' }).click()
  await expect(other.getByRole('alert')).toContainText('That cluster did not let this machine in')
  await expect(other.getByRole('button', { name: 'Copy details' })).toBeVisible()

  await other.getByRole('button', { name: 'Try another way' }).click()
  await joinBy(other, address)
  await expect(question).toBeVisible({ timeout: TIMEOUT })
  // Put off, it stays to be seen on the page.
  await page.keyboard.press('Escape')
  await expect(question).toBeHidden()
  await expect(page.getByText('MacBook Pro asks to join.')).toBeVisible()
  await page.getByRole('button', { name: 'Answer…' }).click()
  await question.getByRole('button', { name: 'Allow', exact: true }).click()
  await expect(other.getByText('This machine is a member now.')).toBeVisible({ timeout: TIMEOUT })
  await expectTogether(page)

  // It leaves by itself, in its own settings.
  await other.getByRole('button', { name: 'Done' }).click()
  await expectTogether(other)
  await other.getByRole('link', { name: 'Settings' }).click()
  await other.getByRole('button', { name: 'Leave… MacBook Pro' }).click()
  await other.getByRole('button', { name: 'Leave', exact: true }).click()
  await expect(other.getByText('1 of 1 machine connected')).toBeVisible({ timeout: TIMEOUT })
  await expect(page.getByText('1 of 1 machine connected')).toBeVisible({ timeout: TIMEOUT })
  await expectAccessible(other)
})

test('a joining that finds nobody is given up by the person, or says why it came to nothing', async ({ page }) => {
  const lonely = await machine('Mac Studio')
  await windowOf(page, lonely)
  await addMachine(page)
  await joinBy(page, '127.0.0.1:9')
  await expect(page.getByRole('alert')).toContainText('No machine to join answers at 127.0.0.1:9', {
    timeout: TIMEOUT,
  })
  await expect(page.getByRole('alert')).toContainText('Check that Muster runs there')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Try another way' }).click()
  await expect(page.getByRole('textbox', { name: 'Invitation or address' })).toBeVisible()
})

test('a machine and the cluster are called as a person names them, everywhere', async ({ page, context }) => {
  const other = await context.newPage()
  const member = await machine('Mac Studio')
  await windowOf(page, member)
  await windowOf(other, member)
  const map = page.getByRole('region', { name: 'Machines', exact: true })
  await map.getByRole('button', { name: 'More for Mac Studio' }).click()
  await page.getByRole('menuitem', { name: 'Rename…' }).click()
  const question = page.getByRole('dialog', { name: 'Rename Mac Studio' })
  const name = question.getByRole('textbox', { name: 'Name' })
  await expect(name).toBeFocused()
  await expect(name).toHaveValue('Mac Studio')
  await name.fill('   ')
  await expect(question.getByText('A name has 1 to 60 characters')).toBeVisible()
  await expect(question.getByRole('button', { name: 'Rename' })).toBeDisabled()
  await expectAccessible(page)
  await name.fill('Studio in the hall')
  await name.press('Enter')
  await expect(question).toBeHidden()
  for (const where of [page, other])
    await expect(where.getByRole('article', { name: 'Studio in the hall' })).toBeVisible({ timeout: TIMEOUT })

  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('button', { name: 'Rename… the cluster' }).click()
  const cluster = page.getByRole('dialog', { name: 'Rename the cluster' })
  await cluster.getByRole('textbox', { name: 'Name' }).fill('The team’s Macs')
  await cluster.getByRole('button', { name: 'Rename' }).click()
  await expect(cluster).toBeHidden()
  await other.getByRole('link', { name: 'Settings' }).click()
  for (const where of [page, other])
    await expect(where.getByRole('region', { name: 'Machines' })).toContainText('The team’s Macs', { timeout: TIMEOUT })
  await expectAccessible(page)
})

test('a model with two replicas serves from both machines, and from one when the other is gone', async ({ page }) => {
  const studio = await machine('Mac Studio', addTinyModel)
  const laptop = await machine('MacBook Pro', addTinyModel)
  await windowOf(page, studio)
  const invitation = await page.request.post(`${studio.url}/cluster/invite`, { data: {} })
  const { token } = (await invitation.json()) as { token: string }
  expect((await page.request.post(`${laptop.url}/cluster/join`, { data: { token } })).ok()).toBe(true)
  await expectTogether(page)

  await page
    .getByRole('button', { name: /^Launch tiny/ })
    .first()
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: /^Name/ }).fill('busy')
  await dialog.getByText('More', { exact: true }).click()
  await dialog.getByRole('spinbutton', { name: /^Replicas/ }).fill('2')
  await dialog.getByRole('button', { name: 'Launch', exact: true }).click()
  const card = page.locator('[data-meta-instance-id]')
  await expect(card).toContainText('2 of 2 ready', { timeout: TIMEOUT })
  const chips = card.getByRole('list', { name: 'Machines' })
  await expect(chips).toContainText('Mac Studio')
  await expect(chips).toContainText('MacBook Pro')
  await expectAccessible(page)

  await laptop.kill()
  await expect(card).toContainText('1 of 2 ready', { timeout: TIMEOUT })
  await expect(card).toHaveAttribute('data-status', 'READY')
  await expect(card).toContainText('each replica needs machines of its own', { timeout: TIMEOUT })
  const asked = { data: { model: TINY, prompt: 'hi', max_tokens: 2 } }
  expect((await page.request.post(`${studio.url}/v1/completions`, asked)).status()).toBe(200)
})

test('a model is measured from its card, and the figures are kept', async ({ page }) => {
  const studio = await machine('Mac Studio', addTinyModel)
  await windowOf(page, studio)
  await page.request.post(`${studio.url}/meta_instance`, { data: { modelId: TINY, name: 'quick' } })
  const card = page.locator('[data-meta-instance-id]')
  await expect(card).toHaveAttribute('data-status', 'READY', { timeout: TIMEOUT })
  await card.getByRole('button', { name: 'More for quick' }).click()
  await page.getByRole('menuitem', { name: 'Benchmark…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Benchmark of quick' })
  await expect(dialog).toContainText('Measures Mac Studio')
  await expect(dialog.getByRole('note')).toContainText('answered more slowly')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Measure' }).click()
  const results = dialog.getByRole('list', { name: 'Benchmarks' })
  await expect(results).toContainText(/tokens\/s for 4 clients together/, { timeout: TIMEOUT })
  await expect(results).toContainText('first token after', { timeout: TIMEOUT })
  await expect(dialog.getByRole('button', { name: 'Measure' })).toBeEnabled({ timeout: TIMEOUT })
  await expectAccessible(page)
  await page.reload()
  await card.getByRole('button', { name: 'More for quick' }).click()
  await page.getByRole('menuitem', { name: 'Benchmark…' }).click()
  await expect(results).toContainText('tokens/s for 1 client')
})
