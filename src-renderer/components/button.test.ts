import { createRawSnippet, mount, unmount } from 'svelte'
import { afterEach, expect, it, vi } from 'vitest'
import { eventually } from '@core/testing/eventually'
import Button from './button.svelte'

afterEach(() => document.body.replaceChildren())

it('a button that is pressed twice does once what it does, and can be pressed again after that', async () => {
  let settle = (): void => undefined
  const onclick = vi.fn(
    () =>
      new Promise<void>((resolve) => {
        settle = resolve
      }),
  )
  const children = createRawSnippet(() => ({ render: () => '<span>End now</span>' }))
  const mounted = mount(Button, { target: document.body, props: { onclick, children } })
  const button = document.querySelector('button')
  if (!button) throw new Error('no button')
  button.click()
  button.click()
  expect(onclick).toHaveBeenCalledOnce()
  settle()
  await eventually(() => {
    button.click()
    expect(onclick).toHaveBeenCalledTimes(2)
  })
  settle()
  return unmount(mounted)
})
