import { z } from 'zod'
import { Kept } from './kept.svelte'

export const Theme = z.enum(['system', 'light', 'dark'])
export type Theme = z.infer<typeof Theme>

/** Light or dark theme, from the system or the user's choice. */
export class Appearance {
  private readonly kept = new Kept<Theme>('muster.theme', Theme, 'system')

  /** Stops following the choice of other windows. */
  readonly close: () => void

  constructor(private readonly root: HTMLElement = document.documentElement) {
    this.show()
    this.close = $effect.root(() => {
      $effect(() => this.show())
    })
  }

  get theme(): Theme {
    return this.kept.current
  }

  set theme(theme: Theme) {
    this.kept.current = theme
    this.show()
  }

  private show(): void {
    if (this.theme === 'system') delete this.root.dataset['theme']
    else this.root.dataset['theme'] = this.theme
  }
}
