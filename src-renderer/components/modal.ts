import { untrack } from 'svelte'
import type { Attachment } from 'svelte/attachments'
import { SvelteSet } from 'svelte/reactivity'

const shown = new SvelteSet<HTMLDialogElement>()

/** Whether a dialog is open: the browser lets nothing behind it be used. */
export const isDialogOpen = (): boolean => shown.size > 0

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
    untrack(() => shown.add(element))
    element.querySelector<HTMLElement>(first)?.focus()
    return () => {
      element.removeEventListener('close', closed)
      untrack(() => shown.delete(element))
      element.close()
    }
  }
