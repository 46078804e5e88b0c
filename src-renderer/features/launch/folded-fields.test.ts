import { createRawSnippet, flushSync, mount, unmount } from 'svelte'
import { afterEach, expect, it } from 'vitest'
import FoldedFields from './folded-fields.svelte'

afterEach(() => document.body.replaceChildren())

it('folded fields open by themselves where one is invalid: the form would not be sent, and nobody could see why', () => {
  const children = createRawSnippet(() => ({ render: () => '<input type="number" min="1" value="0" />' }))
  const props = { title: 'More options', open: true, children }
  const fields = mount(FoldedFields, { target: document.body, props })
  flushSync()
  const [details, field] = [document.querySelector('details'), document.querySelector('input')]
  if (!details || !field) throw new Error('nothing is shown')
  details.open = false
  field.dispatchEvent(new Event('invalid'))
  expect(details.open).toBe(true)
  return unmount(fields)
})
