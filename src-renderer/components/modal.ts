import type { Attachment } from 'svelte/attachments'

/**
 * Shows a native modal dialog, which traps focus, closes on Escape and restores focus.
 *
 * @param closed called when the user closes it. Browsers report a closing only after the dialog is gone, when another
 * may be open already: then it is not called.
 * @param first selects the element that gets the focus
 */
export const modal =
  (closed: () => void, first: string): Attachment<HTMLDialogElement> =>
  (element) => {
    element.addEventListener('close', closed)
    element.showModal()
    element.querySelector<HTMLElement>(first)?.focus()
    return () => {
      element.removeEventListener('close', closed)
      element.close()
    }
  }
