import { describe, expect, it } from 'vitest'
import { english } from '@core/texts/translator'
import { startFailureText } from './start-failure-text'

const surroundings = { dataDir: '/data', runsOn: 'Muster 1.0.0, Linux', translator: english }

describe('a node that cannot start', () => {
  it('is told with what happened, why and what to do', () => {
    const cause = new Error('listen EADDRINUSE')
    const error = Object.assign(new Error('Port 52416 is in use', { cause }), {
      code: 'port_in_use',
      hint: 'Choose another.',
    })
    const text = startFailureText(error, surroundings)
    expect(text).toMatchObject({
      what: 'Muster can’t start.',
      whyAndWhatToDo: 'Port 52416 is in use.\n\nChoose another.',
    })
    for (const detail of ['port_in_use', '/data', 'Muster 1.0.0, Linux', 'listen EADDRINUSE'])
      expect(text.details).toContain(detail)
  })

  it('is told with a next step even when nobody foresaw the error', () => {
    expect(startFailureText(new Error('boom'), surroundings).whyAndWhatToDo).toBe(
      'boom.\n\nTry again. If it fails again, the newest file in /data/logs may say more.',
    )
    expect(startFailureText('just text', surroundings).whyAndWhatToDo).toMatch(/^just text\.\n\nTry again/)
  })
})
