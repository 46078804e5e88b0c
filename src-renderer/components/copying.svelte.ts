import { copyText } from '../state/clipboard'
import { t } from '../state/texts.svelte'

const SAID_FOR_MS = 1500

/** Shows for a moment that something was copied. */
export class Copying {
  private outcome: 'copied' | 'refused' | undefined = $state()
  readonly copied = $derived(this.outcome === 'copied')
  readonly said = $derived(
    this.outcome === undefined ? '' : this.outcome === 'copied' ? t('app.copied') : t('app.copyRefused'),
  )
  private timer: ReturnType<typeof setTimeout> | undefined

  readonly copy = async (text: string): Promise<void> => {
    this.outcome = (await copyText(text)) ? 'copied' : 'refused'
    clearTimeout(this.timer)
    this.timer = setTimeout(() => (this.outcome = undefined), SAID_FOR_MS)
  }
}
