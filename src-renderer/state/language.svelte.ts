import type { DesktopApi } from '@core/protocols/desktop'
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
    private readonly desktop: Pick<DesktopApi, 'preferences'> | undefined = window.muster,
  ) {}

  get choice(): LanguageChoice {
    return this.kept.current
  }

  /** Resolves when the window speaks it. */
  async choose(choice: LanguageChoice): Promise<void> {
    this.kept.current = choice
    // The menu bar goes along; where it cannot be told, the window speaks the language all the same.
    void this.desktop?.preferences({ language: choice }).catch(() => undefined)
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
