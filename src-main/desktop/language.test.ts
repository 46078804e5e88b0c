import { expect, it } from 'vitest'
import type { LanguageChoice } from '@core/texts/language'
import { DesktopLanguage } from './language'

it('the app speaks the language of the system, and the one that the window chose as soon as that is there', async () => {
  let choice: LanguageChoice = 'system'
  const language = new DesktopLanguage({ choice: () => choice, preferred: () => ['fr-FR', 'zh-Hans-CN'] })
  expect(language.current().text('desktop.quit')).toBe('Quit Muster')
  expect(await language.apply()).toBe(true)
  expect(language.current().text('desktop.quit')).toBe('退出 Muster')
  choice = 'de'
  expect(await language.apply()).toBe(true)
  expect(language.current().text('desktop.quit')).toBe('Muster beenden')
  expect(await language.apply()).toBe(false)
})
