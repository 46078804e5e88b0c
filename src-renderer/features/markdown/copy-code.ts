import type { Attachment } from 'svelte/attachments'
import { copyText } from '../../state/clipboard'
import { t } from '../../state/texts.svelte'

const SAID_FOR_MS = 1500

/** Handles the copy buttons of code blocks inside the element. */
export const copiesCode: Attachment<HTMLElement> = (element) => {
  const copy = async (event: Event): Promise<void> => {
    const button = event.target instanceof Element ? event.target.closest('button.copy') : undefined
    const code = button?.closest('.code')?.querySelector('pre')
    if (!button || !code) return
    button.textContent = (await copyText(code.textContent)) ? t('app.copied') : t('chat.copyCodeRefused')
    setTimeout(() => (button.textContent = t('chat.copyCode')), SAID_FOR_MS)
  }
  const listen = (event: Event): void => void copy(event)
  element.addEventListener('click', listen)
  return () => element.removeEventListener('click', listen)
}
