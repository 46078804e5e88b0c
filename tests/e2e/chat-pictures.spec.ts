import { expect, type Page } from '@playwright/test'
import { expectAccessible } from '../harness/accessible'
import { answer, ask, test } from '../harness/chat-test'
import { addTinySeeingModel, TINY, TINY_SEEING } from '../harness/models'
import { png } from '../harness/png'
import { PATIENCE_MS } from '../harness/patience'

/** What a person does with a picture on the clipboard. */

const pastePicture = async (page: Page, base64: string) => {
  await page.getByRole('textbox', { name: 'Message' }).focus()
  await page.evaluate(`{
    const bytes = Uint8Array.from(atob('${base64}'), (character) => character.charCodeAt(0))
    const clipboardData = new DataTransfer()
    clipboardData.items.add(new File([bytes], 'shot.png', { type: 'image/png' }))
    document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }`)
}

/** The same question gets the same short answer. */

const answersAlike = async (page: Page) => {
  await page.getByRole('button', { name: 'Options…' }).click()
  await page.getByRole('spinbutton', { name: /^Temperature/ }).fill('0')
  await page.getByRole('spinbutton', { name: /^Longest answer/ }).fill('12')
  await page.getByRole('button', { name: 'Use them' }).click()
}

test('a pasted picture is scaled down, shown, seen by the model, and kept; a model of text is not shown it', async ({
  page,
  folder,
  node,
  errors,
  declare,
}) => {
  addTinySeeingModel(folder.path)
  await expect
    .poll(async () => JSON.stringify(await (await fetch(`${node.url}/models`)).json()), { timeout: PATIENCE_MS })
    .toContain(TINY_SEEING)
  await declare(TINY_SEEING)
  await page.goto(`${node.url}/#/chat`)
  await expect(page.getByText('pictures are scaled down to 2,048 pixels')).toBeVisible()
  await pastePicture(page, png(3000, 600, [255, 0, 0]))
  const attached = page.getByRole('button', { name: 'Show shot.png' })
  await expect(attached).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Remove shot.png' }).click()
  await expect(attached).toHaveCount(0)
  await pastePicture(page, png(3000, 600, [255, 0, 0]))
  await attached.click()
  await expect(page.getByRole('dialog', { name: 'shot.png' }).getByRole('img')).toBeVisible()
  const size = `(({ naturalWidth, naturalHeight }) => [naturalWidth, naturalHeight])(document.querySelector('dialog img'))`
  await expect.poll(() => page.evaluate<unknown>(size)).toEqual([2048, 410])
  await expectAccessible(page)
  await page.keyboard.press('Escape')

  await answersAlike(page)
  const sent = page.waitForRequest('**/v1/chat/completions')
  await ask(page, 'What is it?')
  const { messages } = (await sent).postDataJSON() as { messages: { content: { type: string }[] }[] }
  expect(messages[0]?.content.map(({ type }) => type)).toEqual(['image_url', 'text'])
  await expect(page.getByText(/first token after/)).toBeVisible({ timeout: PATIENCE_MS })
  const red = await answer(page).innerText()

  // Another picture gets another answer: it is seen, not only sent.
  await page.getByRole('complementary').getByRole('button', { name: 'New chat' }).click()
  await pastePicture(page, png(3000, 600, [0, 0, 255]))
  await answersAlike(page)
  await ask(page, 'What is it?')
  await expect(page.getByText(/first token after/)).toBeVisible({ timeout: PATIENCE_MS })
  expect(await answer(page).innerText()).not.toBe(red)

  await page.reload()
  await expect(page.getByRole('article', { name: 'You' }).getByRole('img', { name: 'shot.png' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('combobox', { name: 'Model' }).selectOption(TINY)
  await expect(
    page.getByText(/This conversation has pictures. .* reads text only. These read pictures: /),
  ).toBeVisible()
  await expectAccessible(page)
  expect(errors).toEqual([])
})
