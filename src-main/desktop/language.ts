import { languageFor, type LanguageChoice } from '@core/texts/language'
import { english, loadTranslator, type Translator } from '@core/texts/translator'

export interface DesktopLanguageOptions {
  readonly choice: () => LanguageChoice
  /** What the person reads, the best first, as the system knows it. */
  readonly preferred: () => readonly string[]
}

/** The language of what the app says outside its window: menus, notifications, questions. */
export class DesktopLanguage {
  private spoken: Translator = english

  constructor(private readonly options: DesktopLanguageOptions) {}

  current(): Translator {
    return this.spoken
  }

  /** Speaks what is chosen from now on. Texts that cannot be loaded leave it as it is; says whether it changed. */
  async apply(): Promise<boolean> {
    const choice = this.options.choice()
    const language = choice === 'system' ? languageFor(this.options.preferred()) : choice
    if (language === this.spoken.language) return false
    const translator = await loadTranslator(language).catch(() => undefined)
    if (translator === undefined || choice !== this.options.choice()) return false
    this.spoken = translator
    return true
  }
}
