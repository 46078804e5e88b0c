import type { DesktopApi } from '@core/protocols/desktop'
import { LanguageChoice, languageFor } from '@core/texts/language'
import { loadTranslator } from '@core/texts/translator'
import { Kept } from './kept.svelte'
import { speak } from './texts.svelte'

/** The window's language, from the browser or the user's choice; persisted in this browser. */
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

  /** Resolves when the window shows the language. */
  async choose(choice: LanguageChoice): Promise<void> {
    this.kept.current = choice
    // The menu bar follows; if that fails, the window changes regardless.
    void this.desktop?.preferences({ language: choice }).catch(() => undefined)
    await this.apply()
  }

  /** Applies the choice. If the texts cannot be loaded, the window keeps its language. */
  async apply(): Promise<void> {
    const { choice } = this
    const language = choice === 'system' ? languageFor(this.preferred()) : choice
    const translator = await loadTranslator(language).catch(() => undefined)
    // A newer choice was made meanwhile.
    if (translator === undefined || choice !== this.choice) return
    speak(translator)
    this.root.lang = language
  }
}
