import { languageFor, type LanguageChoice } from '@core/texts/language'
import { english, loadTranslator, type Translator } from '@core/texts/translator'

export interface DesktopLanguageOptions {
  readonly choice: () => LanguageChoice
  /** The languages preferred by the user according to the system, best first. */
  readonly preferred: () => readonly string[]
}

/** The language of the app outside its window: menus, notifications, dialogs. */
export class DesktopLanguage {
  private active: Translator = english

  constructor(private readonly options: DesktopLanguageOptions) {}

  current(): Translator {
    return this.active
  }

  /**
   * Applies the chosen language. If its texts cannot be loaded, nothing changes. Resolves with whether the language
   * changed.
   */
  async apply(): Promise<boolean> {
    const choice = this.options.choice()
    const language = choice === 'system' ? languageFor(this.options.preferred()) : choice
    if (language === this.active.language) return false
    const translator = await loadTranslator(language).catch(() => undefined)
    if (translator === undefined || choice !== this.options.choice()) return false
    this.active = translator
    return true
  }
}
