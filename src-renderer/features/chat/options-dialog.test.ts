import { flushSync, mount, unmount } from 'svelte'
import { afterEach, expect, it } from 'vitest'
import type { Chats } from './chats.svelte'
import OptionsDialog from './options-dialog.svelte'
import { emptyThread } from './thread.svelte'

afterEach(() => document.body.replaceChildren())

it('the options of a chat say when the system prompt is too long for them to be used', () => {
  const chats = { presets: { all: [] } } as unknown as Chats
  const props = { chats, thread: emptyThread(), onclose: () => undefined }
  const dialog = mount(OptionsDialog, { target: document.body, props })
  flushSync()
  const field = document.querySelector('textarea')
  if (!field) throw new Error('no field')
  field.value = 'x'.repeat(200_001)
  field.dispatchEvent(new Event('input', { bubbles: true }))
  flushSync()
  expect(field.getAttribute('aria-invalid')).toBe('true')
  expect(field.closest('label')?.textContent).toContain('The system prompt is too long.')
  expect(document.querySelector<HTMLButtonElement>('button[type=submit]')?.disabled).toBe(true)
  return unmount(dialog)
})
