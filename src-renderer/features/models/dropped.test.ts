import { describe, expect, it, vi } from 'vitest'
import { wordsIn, takesDrops } from './dropped'

const transfer = (data: Readonly<Record<string, string>>) => ({
  types: Object.keys(data),
  getData: (type: string) => data[type] ?? '',
})

describe('a drop on the page of the hub', () => {
  it('becomes a search for the id if it is the URL of a model, as text or as link', () => {
    const address = 'https://huggingface.co/mlx-community/Qwen3-8B-4bit/tree/main'
    const words = 'mlx-community/Qwen3-8B-4bit'
    expect(wordsIn(transfer({ 'text/plain': ` ${address}\n` }))).toEqual(words)
    expect(wordsIn(transfer({ 'text/uri-list': `# a model\r\n${address}`, 'text/plain': 'Qwen' }))).toEqual(words)
    expect(wordsIn(transfer({ 'text/plain': 'qwen3 8b' }))).toBe('qwen3 8b')
  })

  it('is ignored if it is empty or too long; files are left to the window', () => {
    expect(wordsIn(transfer({ 'text/plain': '  ' }))).toBeUndefined()
    expect(wordsIn(transfer({ 'text/plain': 'x'.repeat(500) }))).toBeUndefined()
    expect(wordsIn(transfer({ Files: '', 'text/plain': 'a/b' }))).toBeUndefined()
  })

  it('is accepted while the element exists; drags inside the app are ignored', () => {
    const element = document.createElement('section')
    const take = vi.fn()
    const stop = takesDrops(take)(element)
    const drop = (data: Readonly<Record<string, string>>) => {
      const event = Object.assign(new Event('drop', { cancelable: true }), { dataTransfer: transfer(data) })
      element.dispatchEvent(event)
      return event.defaultPrevented
    }
    expect(drop({ 'text/plain': 'a/b' })).toBe(true)
    expect(drop({ 'application/x-muster-model': 'a/b' })).toBe(false)
    expect(drop({ Files: '', 'text/uri-list': 'file:///a' })).toBe(false)
    if (stop) stop()
    drop({ 'text/plain': 'c/d' })
    expect(take.mock.calls).toEqual([['a/b']])
  })
})
