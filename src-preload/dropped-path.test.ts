import { expect, it, vi } from 'vitest'
import { followDrops } from './dropped-path'

vi.mock('electron', () => ({ webUtils: { getPathForFile: ({ name }: File) => `/real/${name}` } }))

type Drop = (event: { isTrusted: boolean; dataTransfer: { files: readonly { name: string }[] } | null }) => void

const page = () => {
  const listeners: Drop[] = []
  const take = followDrops({ addEventListener: (_kind: string, listener: Drop) => listeners.push(listener) } as never)
  const drop = (names: readonly string[], isTrusted = true) =>
    listeners.forEach((listener) => listener({ isTrusted, dataTransfer: { files: names.map((name) => ({ name })) } }))
  return { take, drop }
}

it('knows the path of what a person dropped last, once', () => {
  const { take, drop } = page()
  expect(take()).toBeUndefined()
  drop(['first'])
  drop(['model'])
  expect(take()).toBe('/real/model')
  expect(take()).toBeUndefined()
})

it('takes no drop that a script made up, and none of several things', () => {
  const { take, drop } = page()
  drop(['etc'], false)
  expect(take()).toBeUndefined()
  drop(['model'])
  drop(['one', 'two'])
  expect(take()).toBeUndefined()
})
