import { flushSync, mount, unmount } from 'svelte'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { eventually } from '@core/testing/eventually'
import type { Chats } from './chats.svelte'
import type { UserMessage } from './records'
import { emptyThread } from './thread.svelte'
import UserTurn from './user-turn.svelte'

afterEach(() => document.body.replaceChildren())

const QUESTION: UserMessage = { id: 'q', conversationId: 'c', role: 'user', text: 'How late is it?', at: 1 }

const turn = () => {
  const thread = emptyThread()
  thread.take([QUESTION])
  const edit = vi.fn()
  const chats = { edit } as unknown as Chats
  const mounted = mount(UserTurn, { target: document.body, props: { chats, thread, message: QUESTION } })
  flushSync()
  const press = (name: string) => {
    const button = [...document.querySelectorAll('button')].find(({ textContent }) => textContent.includes(name))
    if (!button) throw new Error(`no button ${name}`)
    button.click()
    flushSync()
  }
  return { thread, edit, press, field: () => document.querySelector('textarea'), close: () => unmount(mounted) }
}

describe('a question', () => {
  it('is edited where the keyboard is then, and gives it back', async () => {
    const { press, field, close } = turn()
    press('Edit')
    expect(document.activeElement).toBe(field())
    press('Cancel')
    await eventually(() => expect(document.activeElement?.textContent).toContain('Edit'))
    return close()
  })

  it('that is edited while an answer is awaited is not lost', () => {
    const { thread, edit, press, field, close } = turn()
    press('Edit')
    const area = field()
    if (!area) throw new Error('no field')
    area.value = 'How late is it in Rome?'
    area.dispatchEvent(new Event('input', { bubbles: true }))
    thread.held = true
    flushSync()
    const submit = (): void => {
      area.form?.dispatchEvent(new SubmitEvent('submit', { bubbles: true, cancelable: true }))
      flushSync()
    }
    submit()
    expect([edit.mock.calls.length, field()?.value]).toEqual([0, 'How late is it in Rome?'])
    thread.held = false
    submit()
    expect(edit.mock.lastCall?.[2]).toBe('How late is it in Rome?')
    expect(field()).toBeNull()
    return close()
  })
})
