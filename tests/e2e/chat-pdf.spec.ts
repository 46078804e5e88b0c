import { expect, type Page } from '@playwright/test'
import { expectAccessible } from '../harness/accessible'
import { complaintsOf } from '../harness/complaints'
import { ask, test } from '../harness/chat-test'
import { withPerson } from '../harness/desktop-app'
import { connected, test as desktopTest } from '../harness/desktop-test'
import { addTinyModel } from '../harness/models'
import { CHINESE, pdf, textAt } from '@renderer/testing/pdf'

const REPORT = pdf([textAt('The harbour has 12 cranes.'), textAt('Nine of them work.')])
const TEXT = 'The harbour has 12 cranes.\n\nNine of them work.'

/** What a person does with a file from a folder. */
const dropPdf = async (page: Page, name: string, data: Uint8Array) => {
  await page.getByRole('textbox', { name: 'Message' }).focus()
  await page.evaluate(`{
    const bytes = Uint8Array.from(atob('${Buffer.from(data).toString('base64')}'), (character) => character.charCodeAt(0))
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File([bytes], '${name}', { type: 'application/pdf' }))
    document.activeElement.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
  }`)
}

/** What the node is asked next; it answers nothing. */
const asked = async (page: Page): Promise<string> => {
  await page.route('**/v1/chat/completions', (route) =>
    route.fulfill({ contentType: 'text/event-stream', body: 'data: [DONE]\n\n' }),
  )
  const sent = page.waitForRequest('**/v1/chat/completions')
  await ask(page, 'How many cranes work?')
  const { messages } = (await sent).postDataJSON() as { messages: { content: string }[] }
  return messages[0]?.content ?? ''
}

test('the text of a dropped PDF goes into the question; a scan is refused; its reader comes with the first PDF', async ({
  page,
  node,
  errors,
  declare,
}) => {
  await declare()
  const readers: string[] = []
  page.on('request', (request) => /pdf-text|pdf\.worker/.test(request.url()) && readers.push(request.url()))
  await page.goto(`${node.url}/#/chat`)
  await expect(page.getByText('Text files and PDFs can be dropped or pasted.')).toBeVisible()
  expect(readers).toEqual([])

  await dropPdf(page, 'scan.pdf', pdf(['0 0 600 800 re f']))
  await expect(page.getByRole('alert')).toHaveText(/^scan\.pdf has no text, only pictures of its pages/)
  await expectAccessible(page)
  await dropPdf(page, 'report.pdf', REPORT)
  await expect(page.getByRole('list', { name: 'Files' })).toContainText('report.pdf')
  await expect(page.getByRole('alert')).toHaveCount(0)
  await dropPdf(page, 'chinese.pdf', CHINESE)
  await expect(page.getByRole('list', { name: 'Files' })).toContainText('chinese.pdf')
  const content = await asked(page)
  expect(content).toContain('report.pdf')
  expect(content).toContain(TEXT)
  expect(content).toContain('你好')
  expect(content).toContain('How many cranes work?')
  expect(errors).toEqual([])
})

desktopTest('the desktop window reads a PDF in its sandbox, within its policy', async ({ folder, start }) => {
  addTinyModel(folder.path)
  const electron = await start({ main: withPerson(folder.path) })
  const page = await connected(electron)
  const errors = complaintsOf(page)
  await page.evaluate(`location.hash = '#/chat'`)
  await dropPdf(page, 'report.pdf', REPORT)
  await expect(page.getByRole('list', { name: 'Files' })).toContainText('report.pdf')
  expect(errors).toEqual([])
})
