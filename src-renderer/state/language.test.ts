import { afterEach, describe, expect, it } from 'vitest'
import { english } from '@core/texts/translator'
import { LanguageSetting } from './language.svelte'
import { speak, t } from './texts.svelte'

afterEach(() => {
  localStorage.clear()
  speak(english)
  document.documentElement.lang = 'en'
})

describe('the language of the window', () => {
  it('is the first supported one of the browser’s', async () => {
    await new LanguageSetting(() => ['fr', 'de-DE', 'en']).apply()
    expect([t('settings.title'), document.documentElement.lang]).toEqual(['Einstellungen', 'de'])
  })

  it('is the chosen one, also after the page was closed', async () => {
    await new LanguageSetting(() => ['en']).choose('zh-Hans')
    expect([t('settings.title'), document.documentElement.lang]).toEqual(['设置', 'zh-Hans'])
    speak(english)
    const later = new LanguageSetting(() => ['en'])
    await later.apply()
    expect([later.choice, t('settings.title')]).toEqual(['zh-Hans', '设置'])
  })

  it('is the last chosen one, however quickly the choices follow', async () => {
    const setting = new LanguageSetting(() => ['en'])
    await Promise.all([setting.choose('zh-Hans'), setting.choose('de')])
    expect(t('settings.title')).toBe('Einstellungen')
  })
})
