import { describe, expect, it } from 'vitest'
import { eventually } from '@core/testing/eventually'
import { FakeApi, json } from '../testing/fake-api'

/** A node that answers when the test says so. */
const slowNode = () => {
  const api = new FakeApi()
  const answers: ((response: Response) => void)[] = []
  const patch = (fields: object, path = '/node/settings') => {
    api.next(() => new Promise<Response>((resolve) => answers.push(resolve)))
    return api.fetch(path, { method: 'PATCH', json: fields })
  }
  const sent = () => api.asked.map((asked) => asked.json)
  return { api, patch, sent, answer: (response = json({})) => answers.shift()?.(response) }
}

describe('changes of one resource', () => {
  it('are sent one after the other, also after one that is refused; another resource waits for none of them', async () => {
    const { patch, sent, answer } = slowNode()
    const first = patch({ hub: 'modelscope' })
    const second = patch({ hub: 'huggingface' })
    const third = patch({ hubToken: null })
    void patch({ keepAwake: 'never' }, '/node/power')
    expect(sent()).toEqual([{ hub: 'modelscope' }, { keepAwake: 'never' }])
    answer(json({ error: { code: 'settings_not_written', message: 'The disk is full' } }, 503))
    await expect(first).rejects.toThrow('The disk is full')
    await eventually(() => expect(sent()).toHaveLength(3))
    expect(sent().at(-1)).toEqual({ hub: 'huggingface' })
    answer()
    answer(json({ the: 'second' }))
    expect(await (await second).json()).toEqual({ the: 'second' })
    await eventually(() => expect(sent()).toHaveLength(4))
    expect(sent().at(-1)).toEqual({ hubToken: null })
    answer(json({ the: 'third' }))
    expect(await (await third).json()).toEqual({ the: 'third' })
  })

  it('are all sent when the page ends: those that waited as one, in which the last has its way', async () => {
    const { patch, sent, answer } = slowNode()
    void patch({ hub: 'modelscope' })
    const waited = [patch({ hub: 'huggingface', keepFreeGigabytes: 2 }), patch({ keepFreeGigabytes: 3 })]
    dispatchEvent(new Event('pagehide'))
    expect(sent()).toEqual([{ hub: 'modelscope' }, { hub: 'huggingface', keepFreeGigabytes: 3 }])
    answer()
    answer(json({ the: 'rest' }))
    // The page may come back.
    for (const response of await Promise.all(waited)) expect(await response.json()).toEqual({ the: 'rest' })
    void patch({ hub: 'modelscope' })
    expect(sent()).toHaveLength(3)
  })

  it('are in what is read after them', async () => {
    const { api, patch, sent, answer } = slowNode()
    void patch({ hub: 'modelscope' })
    void patch({ hub: 'huggingface' })
    const read = api.fetch('/node/settings')
    expect(sent()).toHaveLength(1)
    answer()
    await eventually(() => expect(sent()).toHaveLength(2))
    api.next(() => json({ hub: 'huggingface' }))
    answer()
    expect(await (await read).json()).toEqual({ hub: 'huggingface' })
  })
})
