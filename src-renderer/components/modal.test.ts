import { describe, expect, it, vi } from 'vitest'
import { isDialogOpen, modal } from './modal'

const opened = () => {
  const element = document.createElement('dialog')
  element.innerHTML = '<button>Close</button><input data-first />'
  document.body.append(element)
  const closed = vi.fn()
  const detach = modal(closed, '[data-first]')(element)
  return { element, closed, detach: () => detach?.() }
}

describe('a modal dialog', () => {
  it('is shown with the focus on its first field, and tells when the user closes it', () => {
    const { element, closed, detach } = opened()
    expect(element.open).toBe(true)
    expect(document.activeElement).toBe(element.querySelector('input'))
    expect(isDialogOpen()).toBe(true)
    element.close()
    expect(closed).toHaveBeenCalledOnce()
    detach()
    expect(isDialogOpen()).toBe(false)
    element.remove()
  })

  it('that is gone tells nothing, so that another one that is open by then stays open', () => {
    const { element, closed, detach } = opened()
    detach()
    element.remove()
    expect(element.open).toBe(false)
    // Browsers dispatch it in a later task.
    element.dispatchEvent(new Event('close'))
    expect(closed).not.toHaveBeenCalled()
  })
})
