import { flushSync, mount, unmount } from 'svelte'
import { afterEach, expect, it } from 'vitest'
import NumberField from './number-field.svelte'

afterEach(() => document.body.replaceChildren())

it('a number field that is emptied has no value, as one that was never filled in', () => {
  let value: number | undefined = 4
  const props = {
    label: 'Context',
    hint: '',
    get value() {
      return value
    },
    set value(entered: number | undefined) {
      value = entered
    },
  }
  const field = mount(NumberField, { target: document.body, props })
  const input = document.querySelector('input')
  if (!input) throw new Error('no field')
  input.value = ''
  input.dispatchEvent(new Event('input', { bubbles: true }))
  flushSync()
  expect(value).toBeUndefined()
  return unmount(field)
})
