import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { z } from 'zod'
import { expectAccessible } from '../harness/accessible'
import { scenes } from '../gallery/scenes'
import { serveScene } from '../gallery/server'
import { answer, ask, test } from '../harness/chat-test'
import { root } from '../harness/paths'
import { PATIENCE_MS } from '../harness/patience'

/** The node answers with these deltas, one after the other. */
const answersWith = async (page: Page, ...deltas: readonly object[]) => {
  const chunks = [
    ...deltas.map((delta) => ({ choices: [{ delta, finish_reason: null }] })),
    { choices: [{ delta: {}, finish_reason: 'stop' }] },
    { choices: [], usage: { completion_tokens: 12 } },
  ]
  const body = `${chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')}data: [DONE]\n\n`
  await page.route('**/v1/chat/completions', (route) => route.fulfill({ contentType: 'text/event-stream', body }))
}

test('a message to a model that does not run waits while it is declared and loaded, and is then answered', async ({
  page,
  node,
  errors,
}) => {
  await page.goto(`${node.url}/#/chat`)
  await expect(page.getByRole('combobox', { name: 'Model' })).toContainText('not running')
  await ask(page, 'Hello there')
  await expect(page.getByText('Your message waits until it is ready.')).toBeVisible()
  const list = page.getByRole('complementary', { name: 'Conversations' })
  await expect(list.getByRole('link', { name: 'Hello there' })).toContainText('Waiting ·')
  await expect(page.getByRole('textbox', { name: 'Message' })).toHaveValue('')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Keep it running' }).click()
  await expect(answer(page)).not.toBeEmpty({ timeout: PATIENCE_MS })
  await expect(page.getByText(/first token after/)).toBeVisible({ timeout: PATIENCE_MS })
  await expectAccessible(page)

  // It is there on coming back from another page.
  await page.getByRole('link', { name: 'Cluster' }).click()
  await expect(page.getByRole('heading', { name: 'Cluster', exact: true })).toBeVisible()
  await page.getByRole('link', { name: 'Chat', exact: true }).click()
  await expect(page.getByRole('article', { name: 'You' })).toHaveText('Hello there')

  // It is there after a reload, and can be found, renamed and deleted.
  await page.reload()
  await expect(page.getByRole('article', { name: 'You' })).toHaveText('Hello there')
  await list.getByRole('searchbox').fill('nothing like it')
  await expect(list.getByText('No conversation matches.')).toBeVisible()
  await list.getByRole('searchbox').fill('there')
  await page.keyboard.press('Control+2')
  await page.keyboard.press('Control+3')
  await expect(list.getByRole('searchbox')).toHaveValue('there')
  await list.getByRole('button', { name: 'More for Hello there' }).click()
  await page.getByRole('menuitem', { name: 'Rename…' }).click()
  await page.getByRole('textbox', { name: 'Title' }).fill('Greeting')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Rename' }).click()
  await list.getByRole('searchbox').fill('')
  await expect(list.getByRole('link', { name: /^Greeting/ })).toBeVisible()
  await list.getByRole('button', { name: 'More for Greeting' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'Export as Markdown' }).click()
  expect((await download).suggestedFilename()).toBe('Greeting.md')
  await list.getByRole('button', { name: 'More for Greeting' }).click()
  await page.getByRole('menuitem', { name: 'Delete…' }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(list.getByRole('link')).toHaveCount(0)
  expect(errors).toEqual([])
})

/** Answers in the page stream as the test sends them. */
const STREAMS = `(() => {
  const plain = window.fetch
  window.fetch = (resource, options) =>
    String(resource).endsWith('/v1/chat/completions')
      ? Promise.resolve(new Response(new ReadableStream({ start: (controller) => void (window.answer = controller) })))
      : plain(resource, options)
})()`
const stream = async (page: Page, ...chunks: readonly object[]) => {
  const text = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')
  await expect.poll(() => page.evaluate(`'answer' in window`)).toBe(true)
  await page.evaluate(`window.answer.enqueue(new TextEncoder().encode(${JSON.stringify(text)}))`)
}
/** Ends the answer: the next one is another stream. */
const endStream = (page: Page) => page.evaluate('window.answer.close(); delete window.answer')
const delta = (content: object) => ({ choices: [{ delta: content, finish_reason: null }] })
const LINES = Array.from({ length: 80 }, (_, at) => `Line ${at}`).join('\n\n')

test('a question comes into view from wherever the person reads; another conversation begins at its end; thoughts stay open', async ({
  page,
  errors,
}) => {
  const gallery = await serveScene(scenes.one(), { app: join(root, 'out', 'renderer') })
  try {
    await page.addInitScript(STREAMS)
    await page.goto(`${gallery.url}/#/chat`)
    const log = page.getByRole('log', { name: 'Conversation' })
    const list = page.getByRole('complementary', { name: 'Conversations' })
    const last = async (text: string) => {
      await stream(page, delta({ content: text }), { choices: [{ delta: {}, finish_reason: 'stop' }] })
      await endStream(page)
      await expect(page.getByText('Again', { exact: true }).last()).toBeVisible()
    }
    const readsAbove = () => log.evaluate((element) => void (element.scrollTop = 0))
    await ask(page, 'The first')
    await last(LINES)
    await readsAbove()
    await ask(page, 'The second')
    await expect(page.getByRole('article', { name: 'You' }).last()).toBeInViewport()
    await expect(answer(page).getByText('Reading…')).toBeInViewport({ ratio: 1 })
    await stream(page, delta({ reasoning_content: 'I wonder.' }))
    await answer(page).getByText('Thinking').click()
    await expect(answer(page).getByText('I wonder.')).toBeVisible()
    await last(LINES)
    await expect(answer(page).getByText('I wonder.')).toBeVisible()
    await expect(answer(page).getByText('Line 79')).toBeInViewport()

    await page.getByRole('button', { name: 'New chat' }).click()
    await ask(page, 'The third')
    await last(LINES)
    await readsAbove()
    await list.getByRole('link', { name: /^The first/ }).click()
    await expect(answer(page).getByText('Line 79')).toBeInViewport()
    expect(errors).toEqual([])
  } finally {
    await gallery.close()
  }
})

const TraceFile = z.object({ traceEvents: z.array(z.object({ name: z.string(), tdur: z.number().optional() })) })

/** Stores a conversation of a question and an answer each so often, as the page does itself. */
const keepConversation = (page: Page, { id, turns, answers }: { id: string; turns: number; answers: string }) =>
  page.evaluate(`(async () => {
    const request = indexedDB.open('muster-chat')
    const database = await new Promise((opened) => (request.onsuccess = () => opened(request.result)))
    const transaction = database.transaction(['conversations', 'messages'], 'readwrite')
    const messages = transaction.objectStore('messages')
    const at = (place) => ({ conversationId: '${id}', id: String(place), at: place, ...(place > 0 && { parentId: String(place - 1) }) })
    for (let place = 0; place < ${2 * turns}; place += 2) {
      messages.put({ ...at(place), role: 'user', text: 'A question' })
      messages.put({ ...at(place + 1), role: 'assistant', model: 'A model', text: ${JSON.stringify(answers)} })
    }
    const leafId = '${2 * turns - 1}'
    transaction.objectStore('conversations').put({ id: '${id}', title: '${id}', options: {}, leafId, createdAt: 1, changedAt: 1 })
    await new Promise((stored) => (transaction.oncomplete = stored))
    database.close()
  })()`)

test('writing in a long conversation does not lay its messages out again', async ({ page, browser, errors }) => {
  const gallery = await serveScene(scenes.one(), { app: join(root, 'out', 'renderer') })
  try {
    await page.goto(`${gallery.url}/#/chat`)
    const field = page.getByRole('textbox', { name: 'Message' })
    await expect(field).toBeVisible()
    await keepConversation(page, { id: 'Long', turns: 50, answers: LINES })
    await page.reload()
    await page.getByRole('link', { name: /^Long/ }).click()
    // Set as Markdown, which is fetched with the first answer: until then they are plain text.
    await expect(page.locator('.block p', { hasText: 'Line 79' })).toHaveCount(50)
    await field.fill('A beginning')
    const drawn = () =>
      page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
    await drawn()
    const type = () => field.press('x')
    const enlarge = () => page.evaluate(`document.documentElement.style.fontSize = '120%'`)
    /** Time of the processor, not of the clock, that the browser spends on layouts until what was done is drawn. */
    const layoutTime = async (act: () => Promise<unknown>) => {
      await browser.startTracing(page, { categories: ['devtools.timeline'] })
      await act()
      await drawn()
      const { traceEvents } = TraceFile.parse(JSON.parse((await browser.stopTracing()).toString()))
      const layouts = traceEvents.flatMap(({ name, tdur }) => (name === 'Layout' ? [tdur ?? 0] : []))
      return layouts.reduce((sum, one) => sum + one, 0)
    }
    const ofKey = await layoutTime(type)
    const ofAll = await layoutTime(enlarge)
    expect(ofKey).toBeLessThan(ofAll / 4)
    expect(errors).toEqual([])
  } finally {
    await gallery.close()
  }
})

test('a dialog of the page can be left while the node is away', async ({ page }) => {
  const gallery = await serveScene(scenes.one(), { app: join(root, 'out', 'renderer') })
  await page.goto(`${gallery.url}/#/chat`)
  await page.getByRole('button', { name: 'Options…' }).click()
  await gallery.close()
  await expect(page.getByRole('contentinfo')).toContainText('Can’t reach this node')
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Options…' })).toBeDisabled()
})

test('on a phone a question is edited in a field that is as wide as the conversation', async ({ page }) => {
  const gallery = await serveScene(scenes.one(), { app: join(root, 'out', 'renderer') })
  try {
    await page.setViewportSize({ width: 360, height: 760 })
    await page.goto(`${gallery.url}/#/chat`)
    await ask(page, 'Hello there')
    await page.getByRole('button', { name: 'Edit the question' }).click()
    await expect(page.getByRole('textbox', { name: 'Edited question' })).toBeInViewport({ ratio: 1 })
    await expectAccessible(page)
  } finally {
    await gallery.close()
  }
})

test('in a narrow window conversations are a sheet, and the menu of each can be used there', async ({ page }) => {
  const gallery = await serveScene(scenes.one(), { app: join(root, 'out', 'renderer') })
  try {
    await page.setViewportSize({ width: 720, height: 800 })
    await page.goto(`${gallery.url}/#/chat`)
    await ask(page, 'Hello there')
    await page.getByRole('button', { name: 'Conversations…' }).click()
    const sheet = page.getByRole('dialog', { name: 'Conversations' })
    await sheet.getByRole('button', { name: 'More for Hello there' }).click()
    await expectAccessible(page)
    await page.getByRole('menuitem', { name: 'Rename…' }).click()
    await page.getByRole('textbox', { name: 'Title' }).fill('Greeting')
    await page.getByRole('button', { name: 'Rename' }).click()
    await expect(sheet.getByRole('link', { name: /^Greeting/ })).toBeVisible()
  } finally {
    await gallery.close()
  }
})

const RICH = [
  '# Answer\n\nSome **bold** words and `code`, and a [link](https://example.com/page).',
  '\n\n```python\ndef f(x):\n    return "x" + 1  # sum\n```\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n',
  String.raw`Maths that is none: $\frac{1}$, and in a frame: $\fcolorbox{red}{blue}{x}$. ` +
    String.raw`Inline $x^2$ and \(y_1\), and` +
    '\n\n$$\n\\frac{a}{b}\n$$\n\n- one\n- two\n\n> quoted\n\n',
  '<img src="https://evil.example/x.png" onerror="window.broken=1"><script>window.broken=1</script>\n\n![cat](https://evil.example/cat.png)',
]

test('an answer is set as Markdown with code, tables and maths; it loads nothing and runs nothing', async ({
  page,
  node,
  errors,
  declare,
}) => {
  await declare()
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  await page.goto(`${node.url}/#/chat`)
  await answersWith(page, { reasoning_content: 'I **think**.' }, ...RICH.map((content) => ({ content })))
  await ask(page, 'Show me')
  await expect(answer(page).locator('.hljs-keyword').first()).toHaveText('def')
  await expect(answer(page).locator('math')).toHaveCount(4)
  await expect(answer(page).getByRole('table')).toBeVisible()
  await expect(answer(page)).toContainText('<script>window.broken=1</script>')
  await expect(answer(page).locator('img, script, iframe')).toHaveCount(0)
  await expect(answer(page).getByRole('link', { name: 'link' })).toHaveAttribute('rel', 'noopener noreferrer')
  await answer(page).getByText('Thought for').click()
  await expect(answer(page).getByText('think', { exact: true })).toBeVisible()
  await expectAccessible(page)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await answer(page).getByRole('button', { name: 'Copy' }).click()
  expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe('def f(x):\n    return "x" + 1  # sum')
  expect(await page.evaluate<boolean>(`'broken' in window`)).toBe(false)
  expect(asked.filter((url) => !url.startsWith(node.url))).toEqual([])
  expect(errors).toEqual([])
})

test('questions are edited and answers asked again as branches; tools, files, options and alternatives', async ({
  page,
  node,
  errors,
  declare,
}) => {
  await declare()
  await page.goto(`${node.url}/#/chat`)
  await answersWith(page, { content: 'First answer' })
  await ask(page, 'A question')
  await expect(answer(page)).toContainText('First answer')
  await answersWith(page, { content: 'Second answer' })
  await page.getByRole('button', { name: /^Again\s*: another answer/ }).click()
  await expect(answer(page)).toContainText('Second answer')
  await page.getByRole('button', { name: 'Earlier answer' }).click()
  await expect(answer(page)).toContainText('First answer')
  await page.getByRole('button', { name: 'Edit the question' }).click()
  await page.getByRole('textbox', { name: 'Edited question' }).fill('Another question')
  await page.getByRole('button', { name: 'Ask', exact: true }).click()
  await expect(page.getByRole('article', { name: 'You' })).toHaveText('Another question')
  await page.getByRole('button', { name: 'Earlier question' }).click()
  await expect(page.getByRole('article', { name: 'You' })).toHaveText('A question')
  await expectAccessible(page)

  await page.getByRole('button', { name: 'Options…' }).click()
  await page.getByRole('textbox', { name: 'System prompt' }).fill('Be short.')
  await page.getByRole('spinbutton', { name: /^Temperature/ }).fill('7')
  await expect(page.getByRole('button', { name: 'Use them' })).toBeDisabled()
  await page.getByRole('spinbutton', { name: /^Temperature/ }).fill('0')
  await page.getByRole('spinbutton', { name: /^Longest answer/ }).fill('20')
  await page.getByRole('textbox', { name: 'Name' }).fill('Short')
  await page.getByRole('button', { name: 'Keep as preset' }).click()
  await expect(page.getByRole('combobox', { name: 'Preset' })).toContainText('Short')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Use them' }).click()

  await page.locator('input[type=file]').setInputFiles([
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('remember the milk') },
    { name: 'cat.png', mimeType: 'image/png', buffer: Buffer.from('x') },
  ])
  await expect(page.getByText(/cat.png is a picture. .* reads text only. No model here reads pictures/)).toBeVisible()
  const sent = page.waitForRequest('**/v1/chat/completions')
  await page.unroute('**/v1/chat/completions')
  await answersWith(page, {
    tool_calls: [{ index: 0, id: 'x', function: { name: 'clock', arguments: '{"zone":"UTC"}' } }],
  })
  await ask(page, 'What is in it?')
  const body = (await sent).postDataJSON() as { messages: { role: string; content: string }[]; temperature: number }
  expect(body.temperature).toBe(0)
  expect(body.messages[0]).toEqual({ role: 'system', content: 'Be short.' })
  expect(body.messages.at(-1)?.content).toContain('remember the milk')
  const call = page.getByRole('region', { name: 'Call of clock' })
  await expect(call).toContainText('"zone": "UTC"')
  await expectAccessible(page)
  await call.getByRole('textbox', { name: 'Result of clock' }).fill('noon')
  await page.unroute('**/v1/chat/completions')
  // From here on the real model answers, with its alternatives.
  await page.getByRole('button', { name: 'Give the model this result' }).click()
  await expect(page.getByRole('button', { name: /^Again with alternatives/ }).last()).toBeEnabled({
    timeout: PATIENCE_MS,
  })
  await page
    .getByRole('button', { name: /^Again with alternatives/ })
    .last()
    .click()
  await page.getByRole('button', { name: 'Alternatives', exact: true }).click({ timeout: PATIENCE_MS })
  await answer(page).locator('.tokens button').first().click()
  await expect(answer(page).getByRole('table')).toContainText('chosen')
  await expectAccessible(page)
  expect(errors).toEqual([])
})

test('two tabs keep one another’s conversations, and one goes on when its model is deleted', async ({
  page,
  context,
  node,
  declare,
}) => {
  await declare()
  const other = await context.newPage()
  for (const tab of [page, other]) await tab.goto(`${node.url}/#/chat`)
  await ask(page, 'from one')
  await ask(other, 'from the other')
  for (const tab of [page, other]) {
    const list = tab.getByRole('complementary', { name: 'Conversations' })
    await expect(list.getByRole('link', { name: /^from one/ })).toBeVisible()
    await expect(list.getByRole('link', { name: /^from the other/ })).toBeVisible()
  }
  await expect(page.getByText(/first token after/)).toBeVisible({ timeout: PATIENCE_MS })
  const { metaInstances } = (await (await fetch(`${node.url}/state`)).json()) as { metaInstances: object }
  for (const id of Object.keys(metaInstances)) await fetch(`${node.url}/meta_instance/${id}`, { method: 'DELETE' })
  await expect(page.getByText('is on disk but not running')).toBeVisible()
  await expect(page.getByRole('article', { name: 'You' })).toHaveText('from one')
  await ask(page, 'again')
  await page.getByRole('button', { name: 'Keep it running' }).click()
  await expect(page.getByText(/first token after/)).toHaveCount(2, { timeout: PATIENCE_MS })
})
