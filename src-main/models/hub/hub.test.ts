import { expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import { hubEndpoint } from './endpoint'
import { Hub } from './hub'
import type { NetworkResponse } from './network'

const modelId = ModelId.parse('team/model')

it('a refusal that arrives after the hub was to be asked anew is not remembered', async () => {
  const asked: ((error: Error) => void)[] = []
  const network = {
    proxy: undefined,
    get: () => new Promise<NetworkResponse>((_, reject) => asked.push(reject)),
  }
  const hub = new Hub({ endpoint: hubEndpoint({ env: {}, home: '/nowhere' }), offline: undefined, network })
  const refuse = (): void => asked.at(-1)?.(new Error('refused'))

  const before = hub.described(modelId).catch(() => undefined)
  await expect.poll(() => asked.length).toBe(1)
  hub.forget()
  refuse()
  await before
  const after = hub.described(modelId).catch(() => undefined)
  await expect.poll(() => asked.length).toBe(2)
  refuse()
  await after
  // This one is remembered: many ask for the same card at once.
  await expect(hub.described(modelId)).rejects.toThrow('refused')
  expect(asked).toHaveLength(2)
})
