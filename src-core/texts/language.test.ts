import { describe, expect, it } from 'vitest'
import { Language, languageFor, languageNames } from './language'

describe('the language of the app', () => {
  it.each<[readonly string[], Language]>([
    [['de-AT', 'en'], 'de'],
    [['zh-CN'], 'zh-Hans'],
    [['zh'], 'zh-Hans'],
    [['zh-SG', 'en'], 'zh-Hans'],
    [['fr-CA', 'de-CH', 'en-US'], 'de'],
    [['en-GB', 'de'], 'en'],
  ])('for a user who prefers %j is %s', (preferred, language) => {
    expect(languageFor(preferred)).toBe(language)
  })

  it('is not Simplified Chinese for a user who reads the traditional script', () => {
    expect(languageFor(['zh-TW'])).toBe('en')
    expect(languageFor(['zh-Hant-HK', 'de'])).toBe('de')
  })

  it('is English if no other is supported, or the preference is not a language', () => {
    expect([languageFor([]), languageFor(['tlh']), languageFor(['*', 'C'])]).toEqual(['en', 'en', 'en'])
  })

  it('is listed under its own name', () => {
    expect(Language.options.map((language) => languageNames[language])).toEqual(['English', 'Deutsch', '简体中文'])
  })
})
