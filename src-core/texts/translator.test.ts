import { describe, expect, it } from 'vitest'
import { figuresOf } from './figures'
import { english, loadTranslator } from './translator'

const GB = 1e9

describe('a text', () => {
  it('is translated, with the plurals of the language', async () => {
    const [german, chinese] = [await loadTranslator('de'), await loadTranslator('zh-Hans')]
    const said = [english, german, chinese].map(({ text }) =>
      [1, 3].map((count) => text('figures.requests', { count })),
    )
    expect(said).toEqual([
      ['1 request', '3 requests'],
      ['1 Anfrage', '3 Anfragen'],
      ['1 个请求', '3 个请求'],
    ])
  })

  it('inserts values unchanged, even if they look like messages', () => {
    expect(english.text('fits.on', { name: '{count} <b>Mac</b>' })).toBe('on {count} <b>Mac</b>')
  })

  it('with tags is returned in pieces', () => {
    expect(english.parts('keys.madeAndUsed', { date: 'today', agent: 'curl/8' })).toEqual([
      { tag: undefined, text: 'Created today, last used by ' },
      { tag: 'code', text: 'curl/8' },
    ])
  })
})

describe('figures', () => {
  it('have the marks and units of the language', async () => {
    const [german, chinese] = [figuresOf(await loadTranslator('de')), figuresOf(await loadTranslator('zh-Hans'))]
    expect([german.bytes(8.2 * GB), german.part(3.1 * GB, 8 * GB), german.count(12_400)]).toEqual([
      '8,2 GB',
      '3,1 von 8,0 GB',
      '12.400',
    ])
    expect([german.ago(0, 240_000), german.speed(7.46)]).toEqual(['vor 4 min', '7,5 Tokens/s'])
    expect([chinese.ago(0, 240_000), chinese.duration(22_320_000)]).toEqual(['4 分钟前', '6 小时 12 分钟'])
  })
})
