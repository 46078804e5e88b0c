import { flushSync, mount, unmount } from 'svelte'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { eventually } from '@core/testing/eventually'
import Checkbox from './checkbox.svelte'
import Choice from './choice.svelte'
import NumberSetting from './number-setting.svelte'

afterEach(() => document.body.replaceChildren())

const fields = (): readonly HTMLInputElement[] => [...document.querySelectorAll('input')]
const first = (): HTMLInputElement => {
  const [field] = fields()
  if (!field) throw new Error('no field')
  return field
}
const checked = (): readonly boolean[] => fields().map((field) => field.checked)
/** A change that the node refuses; the app says so, and nothing rejects. */
const refused = () => Promise.resolve(false)
const SENTENCE = [{ tag: 'field', text: '' }]
/** Changes that the node answers when the test says so; resolves when the field knows. */
const answered = () => {
  const answers: (() => void)[] = []
  const change = () => new Promise<void>((resolve) => answers.push(resolve))
  const answer = async (): Promise<void> => {
    answers.shift()?.()
    await Promise.resolve()
    await Promise.resolve()
  }
  return { answer, change }
}
const enter = (text: string): void => {
  first().value = text
  first().dispatchEvent(new Event('change', { bubbles: true }))
}

describe('the fields of a setting', () => {
  it('show what is in force after a change that was refused: a box', async () => {
    const onchange = vi.fn(refused)
    const box = mount(Checkbox, { target: document.body, props: { text: 'Start at login', checked: false, onchange } })
    first().click()
    expect([onchange.mock.calls, checked()]).toEqual([[[true]], [true]])
    await eventually(() => expect(checked()).toEqual([false]))
    return unmount(box)
  })

  it('show what is in force after a change that was refused: a choice', async () => {
    const onchoose = vi.fn(refused)
    const options = ['light', 'dark'] as const
    const props = { legend: 'Theme', name: 'theme', options, textOf: (option: string) => option, onchoose }
    const choice = mount(Choice, { target: document.body, props: { ...props, chosen: 'light' } })
    fields()[1]?.click()
    expect([onchoose.mock.calls, checked()]).toEqual([[['dark']], [false, true]])
    await eventually(() => expect(checked()).toEqual([true, false]))
    return unmount(choice)
  })

  it('show what is in force after a change that was refused, and where a number was deleted', async () => {
    const onset = vi.fn(refused)
    const props = { sentence: SENTENCE, value: 20, max: 100, whole: true, disabled: false, onset }
    const number = mount(NumberSetting, { target: document.body, props })
    flushSync()
    enter('30')
    await eventually(() => expect(first().value).toBe('20'))
    enter('')
    await eventually(() => expect(first().value).toBe('20'))
    expect(onset.mock.calls).toEqual([[30]])
    return unmount(number)
  })

  it('show the last of quick changes while those before it are answered', async () => {
    const { answer, change } = answered()
    const options = ['off', 'on', 'auto'] as const
    const props = { legend: 'Load', name: 'load', options, textOf: (option: string) => option, onchoose: change }
    const choice = mount(Choice, { target: document.body, props: { ...props, chosen: 'off' } })
    fields()[1]?.click()
    fields()[2]?.click()
    await answer()
    expect(checked()).toEqual([false, false, true])
    await answer()
    await eventually(() => expect(checked()).toEqual([true, false, false]))
    await unmount(choice)

    const box = mount(Checkbox, { target: document.body, props: { text: 'On', checked: true, onchange: change } })
    for (let clicks = 0; clicks < 3; clicks += 1) first().click()
    await answer()
    expect(checked()).toEqual([false])
    await unmount(box)
  })

  it('keep the number that is typed while one before it is answered', async () => {
    const { answer, change } = answered()
    const props = $state({ sentence: SENTENCE, value: 20, max: 100, whole: true, disabled: false, onset: change })
    const number = mount(NumberSetting, { target: document.body, props })
    flushSync()
    enter('30')
    first().value = '4'
    props.value = 30
    flushSync()
    await answer()
    expect(first().value).toBe('4')
    enter('40')
    props.value = 40
    await answer()
    props.value = 50
    flushSync()
    expect(first().value).toBe('50')
    return unmount(number)
  })

  it('say why a number is none of those that are possible, and do not send it', () => {
    const onset = vi.fn(refused)
    const props = { sentence: SENTENCE, value: 20, max: 100, whole: true, disabled: false, onset }
    const number = mount(NumberSetting, { target: document.body, props })
    flushSync()
    const report = vi.spyOn(first(), 'reportValidity')
    enter('101')
    expect(report).toHaveReturnedWith(false)
    expect(onset).not.toHaveBeenCalled()
    return unmount(number)
  })
})
