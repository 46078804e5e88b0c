import type { LogLevel } from '@core/settings/node'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLog } from './logger'

describe('the log of a node', () => {
  let directory: string
  let shown: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'muster-log-'))
    shown = ''
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  const open = (level: LogLevel = 'info', terminal: LogLevel = 'info') =>
    openLog({
      directory: join(directory, 'logs'),
      level,
      terminal: { level: terminal, colour: false, write: (text) => (shown += text) },
    })
  const lines = () =>
    readFileSync(join(directory, 'logs', 'muster.log'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line))

  it('is JSON in the file and readable text on the terminal, there as soon as the call returns', () => {
    const { logger } = open()
    logger.child({ part: 'worker' }).info({ model: 'a/b' }, 'loading')
    expect(lines()).toEqual([
      { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), part: 'worker', model: 'a/b', msg: 'loading' },
    ])
    expect(shown).toMatch(/ info worker: loading \(model=a\/b\)\n$/)
  })

  it('has a level for the file and one for the terminal', () => {
    const { logger } = open('warn', 'debug')
    logger.debug('detail')
    logger.warn('trouble')
    expect(lines().map(({ msg }) => msg)).toEqual(['trouble'])
    expect(shown).toContain('detail')
    expect(shown).toContain('trouble')
  })

  it('keeps an error with its code, its stack and its cause', () => {
    const { logger } = open()
    const error = Object.assign(new Error('no start', { cause: new Error('port in use') }), { code: 'port_in_use' })
    logger.error({ error }, 'cannot start')
    expect(lines()[0]?.['error']).toMatchObject({
      code: 'port_in_use',
      message: expect.stringContaining('port in use'),
      stack: expect.stringContaining('logger.test.ts'),
    })
  })

  it('never holds a secret, at the top or deeper down', () => {
    const { logger } = open()
    const secret = 'do-not-write-me'
    logger.info({ token: secret, headers: { authorization: secret, cookie: secret, 'set-cookie': secret } }, 'request')
    logger.info(
      { identity: { privateKey: secret }, request: { body: { apiKey: secret } }, 'set-cookie': secret },
      'more',
    )
    logger.child({ keyHash: secret }).info('child')
    expect(JSON.stringify(lines())).not.toContain(secret)
    expect(JSON.stringify(lines())).toContain('[redacted]')
    expect(shown).not.toContain(secret)
  })
})
