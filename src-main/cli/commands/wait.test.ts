import { expect, it } from 'vitest'
import { NodeApi } from '../api/node-api'
import { UNREACHABLE } from '../exit-codes'
import { Output } from '../terminal/output'
import { run as wait } from './wait'

const silent = () =>
  new Output({ write: async () => undefined, isTerminal: false, colour: false, columns: () => undefined })

it('muster wait takes any time, also more than a timer can hold', async () => {
  // Nothing listens at port 1.
  const api = new NodeApi({ url: 'http://127.0.0.1:1' })
  const terminal = { interactive: false, confirm: async () => false, secret: async () => '' }
  const flags = { names: ['chat'], for: 'ready', timeout: 999_999_999, json: false }
  await expect(wait(flags, { api, out: silent(), err: silent(), terminal })).rejects.toMatchObject({
    exitCode: UNREACHABLE,
    code: 'unreachable',
  })
})
