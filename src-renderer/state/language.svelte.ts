import { LanguageChoice, languageFor } from '@core/texts/language'
import { loadTranslator } from '@core/texts/translator'
import { Kept } from './kept.svelte'
import { speak } from './texts.svelte'

/** The language of this window, as the browser has it or as the person chose; kept by this browser. */
export class LanguageSetting {
  private readonly kept = new Kept<LanguageChoice>('muster.language', LanguageChoice, 'system')

  constructor(
    private readonly preferred: () => readonly string[] = () => navigator.languages,
    private readonly root: HTMLElement = document.documentElement,
  ) {}

  get choice(): LanguageChoice {
    return this.kept.current
  }

  /** Resolves when the window speaks it. */
  async choose(choice: LanguageChoice): Promise<void> {
    this.kept.current = choice
    await this.apply()
  }

  /** Speaks what is chosen. A language whose texts cannot be loaded leaves the window as it is. */
  async apply(): Promise<void> {
    const { choice } = this
    const language = choice === 'system' ? languageFor(this.preferred()) : choice
    const translator = await loadTranslator(language).catch(() => undefined)
    // Another one may have been chosen meanwhile.
    if (translator === undefined || choice !== this.choice) return
    speak(translator)
    this.root.lang = language
  }
}
